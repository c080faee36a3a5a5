// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

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
        case .tags(let repository): return tags(repository)
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
            case .manifest(let name, _), .blob(let name, _), .upload(let name, _): name
            }
        }
    }

    private func tags(_ name: String) -> TestResponse {
        guard let repository = repositories[name] else { return .error(404, "NAME_UNKNOWN") }
        let tags = repository.manifests.keys.filter { !$0.contains(":") }.sorted().map { "\"\($0)\"" }
        let body = #"{"name":"\#(name)","tags":[\#(tags.joined(separator: ","))]}"#
        return TestResponse(200, ["Content-Type": "application/json"], Array(body.utf8))
    }

    private mutating func manifest(_ request: TestRequest, _ repository: String, _ name: String) -> TestResponse {
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
        uploads[id] = repository
        return TestResponse(202, ["Location": "\(base)/v2/\(repository)/blobs/uploads/\(id)?state=secret"])
    }

    private mutating func upload(_ request: TestRequest, _ repository: String, _ id: String) -> TestResponse {
        guard uploads[id] == repository else { return .error(404, "BLOB_UPLOAD_UNKNOWN") }
        uploads[id] = nil
        guard request.method == "PUT" else { return TestResponse(request.method == "DELETE" ? 204 : 405) }
        let digest = Digest.sha256(of: request.body).description
        guard request.parameter("digest") == digest else { return .error(400, "DIGEST_INVALID") }
        put(blob: request.body, digest: digest, in: repository)
        return TestResponse(201, ["Location": "/v2/\(repository)/blobs/\(digest)", "Docker-Content-Digest": digest])
    }
}
