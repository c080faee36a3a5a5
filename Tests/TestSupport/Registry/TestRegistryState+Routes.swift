// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import FoundationEssentials
import NIOHTTP1
import OCI

/// The routes of distribution-spec 1.1 that manifold uses.
extension TestRegistryState {
    mutating func respond(_ request: TestRequest) -> TestResponse {
        if request.path == "/token" { return token(request) }
        guard request.path.hasPrefix("/v2/") else {
            return TestResponse(404, ["Content-Type": "text/html"], Array("<html>".utf8))
        }
        let route = Route(request.path)
        if let refusal = refusal(of: request, route) { return refusal }
        switch route {
        case .base: return TestResponse(200)
        case .tags(let repository): return tags(request, repository)
        case .referrers(let repository, let digest): return referrers(request, repository, digest)
        case .manifest(let repository, let name): return manifest(request, repository, name)
        case .blob(let repository, let digest): return blob(request, repository, digest)
        case .uploads(let repository): return startUpload(request, repository)
        case .upload(let repository, let id): return upload(request, repository, id)
        case .unknown: return .error(404, "NAME_UNKNOWN")
        }
    }

    enum Route {
        case base, unknown
        case tags(String)
        case referrers(String, String)
        case manifest(String, String)
        case blob(String, String)
        case uploads(String)
        case upload(String, String)

        init(_ path: String) {
            let words = path.dropFirst("/v2/".count).split(separator: "/", omittingEmptySubsequences: false).map(
                String.init)
            func repository(_ count: Int) -> String { words.dropLast(count).joined(separator: "/") }
            if words == [""] {
                self = .base
            } else if words.count > 2, words.suffix(2) == ["tags", "list"] {
                self = .tags(repository(2))
            } else if words.count > 2, words[words.count - 2] == "referrers" {
                self = .referrers(repository(2), words[words.count - 1])
            } else if words.count > 2, words[words.count - 2] == "manifests" {
                self = .manifest(repository(2), words[words.count - 1])
            } else if words.count > 3, words[words.count - 3] == "blobs", words[words.count - 2] == "uploads" {
                let last = words[words.count - 1]
                self = last.isEmpty ? .uploads(repository(3)) : .upload(repository(3), last)
            } else if words.count > 2, words[words.count - 2] == "blobs" {
                self = .blob(repository(2), words[words.count - 1])
            } else {
                self = .unknown
            }
        }

        var repository: String? {
            switch self {
            case .base, .unknown: nil
            case .tags(let name), .uploads(let name): name
            case .manifest(let name, _), .blob(let name, _), .upload(let name, _), .referrers(let name, _): name
            }
        }
    }

    /// Pages of at most two tags, so that a short list has several.
    private func tags(_ request: TestRequest, _ name: String) -> TestResponse {
        guard let repository = repositories[name] else { return .error(404, "NAME_UNKNOWN") }
        let last = request.parameter("last") ?? ""
        let rest = repository.manifests.keys.filter { !$0.contains(":") && $0 > last }.sorted()
        let page = rest.prefix(2)
        let body = #"{"name":"\#(name)","tags":[\#(page.map { "\"\($0)\"" }.joined(separator: ","))]}"#
        var headers = ["Content-Type": "application/json"]
        if rest.count > page.count {
            headers["Link"] = "</v2/\(name)/tags/list?n=2&last=\(page.last ?? "")>; rel=\"next\""
        }
        return TestResponse(200, headers, Array(body.utf8))
    }

    private func referrers(_ request: TestRequest, _ name: String, _ digest: String) -> TestResponse {
        guard !missing.contains(.referrers) else { return .error(404, "NOT_FOUND") }
        let found = (repositories[name]?.manifests ?? [:]).sorted { $0.key < $1.key }.compactMap { key, entry in
            guard key.contains(":"), let manifest = try? JSONDecoder().decode(Manifest.self, from: Data(entry.bytes)),
                manifest.subject?.digest.description == digest, let own = try? Digest(key)
            else { return Descriptor?.none }
            return Descriptor(
                mediaType: .ociManifest, digest: own, size: Int64(entry.bytes.count),
                artifactType: manifest.artifactType)
        }
        let body = (try? JSONEncoder().encode(Index(manifests: found))).map { Array($0) } ?? []
        return TestResponse(200, ["Content-Type": "application/vnd.oci.image.index.v1+json"], body)
    }

    private mutating func delete(_ repository: String, _ name: String) -> TestResponse {
        guard !missing.contains(.deletion) else { return .error(405, "UNSUPPORTED") }
        guard let found = repositories[repository]?.manifests[name] else { return .error(404, "MANIFEST_UNKNOWN") }
        let names = repositories[repository]?.manifests.filter {
            name.contains(":") ? $0.value.bytes == found.bytes : $0.key == name
        }.keys
        for name in names.map(Array.init) ?? [] { repositories[repository]?.manifests[name] = nil }
        return TestResponse(202)
    }

    private mutating func manifest(_ request: TestRequest, _ repository: String, _ name: String) -> TestResponse {
        if request.method == "DELETE" { return delete(repository, name) }
        if request.method == "PUT" {
            let digest = Digest.sha256(of: request.body).description
            guard !name.contains(":") || name == digest else { return .error(400, "DIGEST_INVALID") }
            let type = request.headers.first(name: "Content-Type") ?? "application/octet-stream"
            put(manifest: request.body, type: type, in: repository, names: [name, digest])
            return TestResponse(
                201, ["Docker-Content-Digest": digest, "Location": "/v2/\(repository)/manifests/\(digest)"])
        }
        guard let found = repositories[repository]?.manifests[name] else { return .error(404, "MANIFEST_UNKNOWN") }
        return TestResponse(
            200, ["Content-Type": found.type, "Docker-Content-Digest": Digest.sha256(of: found.bytes).description],
            found.bytes)
    }

    private func blob(_ request: TestRequest, _ repository: String, _ digest: String) -> TestResponse {
        guard repositories[repository]?.blobs.contains(digest) == true, let bytes = blobs[digest] else {
            return .error(404, "BLOB_UNKNOWN")
        }
        let headers = ["Content-Type": "application/octet-stream", "Docker-Content-Digest": digest]
        guard let range = request.headers.first(name: "Range"), range.hasPrefix("bytes="),
            let start = Int(range.dropFirst(6).prefix { $0 != "-" })
        else { return TestResponse(200, headers, bytes) }
        guard start < bytes.count else { return .error(416, "SIZE_INVALID") }
        return TestResponse(
            206,
            headers.merging(["Content-Range": "bytes \(start)-\(bytes.count - 1)/\(bytes.count)"]) { $1 },
            Array(bytes[start...]))
    }

    private mutating func startUpload(_ request: TestRequest, _ repository: String) -> TestResponse {
        guard request.method == "POST" else { return .error(405, "UNSUPPORTED") }
        if let digest = request.parameter("mount"), let from = request.parameter("from"),
            repositories[from]?.blobs.contains(digest) == true
        {
            repositories[repository, default: Repository()].blobs.insert(digest)
            return TestResponse(
                201, ["Location": "/v2/\(repository)/blobs/\(digest)", "Docker-Content-Digest": digest])
        }
        let id = "upload-\(nextUpload)"
        nextUpload += 1
        uploads[id] = Upload(repository: repository)
        return TestResponse(202, ["Location": "\(base)/v2/\(repository)/blobs/uploads/\(id)?state=secret"])
    }

    private mutating func upload(_ request: TestRequest, _ repository: String, _ id: String) -> TestResponse {
        guard let upload = uploads[id], upload.repository == repository else {
            return .error(404, "BLOB_UPLOAD_UNKNOWN")
        }
        switch request.method {
        case "GET":
            guard !missing.contains(.resumingUploads) else { return .error(405, "UNSUPPORTED") }
            return progress(id, upload, status: 204)
        case "DELETE":
            uploads[id] = nil
            return TestResponse(204)
        case "PATCH", "PUT": break
        default: return .error(405, "UNSUPPORTED")
        }
        if let range = request.headers.first(name: "Content-Range") {
            guard range == "\(upload.bytes.count)-\(upload.bytes.count + request.body.count - 1)" else {
                return .error(416, "BLOB_UPLOAD_INVALID")
            }
        } else if !upload.bytes.isEmpty, !request.body.isEmpty {
            return .error(416, "BLOB_UPLOAD_INVALID")
        }
        let bytes = upload.bytes + request.body
        if request.method == "PATCH" {
            uploads[id]?.bytes = bytes
            return progress(id, Upload(repository: repository, bytes: bytes), status: 202)
        }
        uploads[id] = nil
        let digest = Digest.sha256(of: bytes).description
        guard request.parameter("digest") == digest else { return .error(400, "DIGEST_INVALID") }
        put(blob: bytes, digest: digest, in: repository)
        return TestResponse(201, ["Location": "/v2/\(repository)/blobs/\(digest)", "Docker-Content-Digest": digest])
    }

    private func progress(_ id: String, _ upload: Upload, status: Int) -> TestResponse {
        TestResponse(
            status,
            [
                "Location": "\(base)/v2/\(upload.repository)/blobs/uploads/\(id)?state=\(upload.bytes.count)",
                "Range": "0-\(max(0, upload.bytes.count - 1))",
            ])
    }

    /// Keeps what has come of a request whose connection breaks, as a registry does that writes what it reads.
    mutating func keepPart(_ request: TestRequest) {
        guard case .upload(_, let id) = Route(request.path), !missing.contains(.resumingUploads) else { return }
        uploads[id]?.bytes += request.body
    }
}
