// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import AsyncHTTPClient
import FoundationEssentials
import HTTP
import NIOCore
import NIOHTTP1
public import OCI

extension RegistryClient {
    /// The largest manifest that is read (distribution-spec, "Pushing Manifests").
    public static let maximumManifestSize = 4 << 20

    /// Whom to ask what a name stands for.
    public enum Authority: Sendable {
        /// The registry's mirrors, where there are some, and then the registry.
        case mirrors
        /// The registry alone: for names that are about to be changed.
        case registry
    }

    /// Finds out what a tag or digest stands for, without fetching it where the registry allows that.
    ///
    /// - Throws: ``RegistryError``.
    public func resolve(_ reference: Reference, by authority: Authority = .mirrors) async throws -> Descriptor {
        try await trying(routes(reference, authority, operation: "resolve")) { try await resolve($0) }
    }

    private func resolve(_ route: Route) async throws -> Descriptor {
        let call = manifestCall(.HEAD, route, operation: "resolve", accepted: [200, 405, 501])
        let described: Descriptor? = try await retrying(isMirror: route.isMirror) {
            let response = try await send(call)
            _ = try await response.beginning()
            guard response.status == .ok, let type = Self.mediaType(response.headers),
                let digest = Self.digest(response.headers),
                let size = response.headers.first(name: "Content-Length").flatMap({ Int64($0) }), size > 0
            else { return nil }
            if let wanted = route.reference.digest, wanted != digest {
                throw RegistryError(call, .digestMismatch(expected: wanted, actual: digest))
            }
            return Descriptor(mediaType: type, digest: digest, size: size)
        }
        if let described { return described }
        // Some registries leave the digest out, and some do not know HEAD.
        return try await manifest(route).descriptor
    }

    /// Fetches a manifest or index and checks it against the digest that was asked for, or that the registry names.
    ///
    /// - Throws: ``RegistryError``.
    public func manifest(_ reference: Reference, by authority: Authority = .mirrors) async throws -> FetchedManifest {
        try await trying(routes(reference, authority, operation: "pull manifest")) { try await manifest($0) }
    }

    private func routes(_ reference: Reference, _ authority: Authority, operation: String) throws -> [Route] {
        switch authority {
        case .mirrors: try pullRoutes(reference, operation: operation)
        case .registry: [try ownRoute(reference, operation: operation)]
        }
    }

    private func manifest(_ route: Route) async throws -> FetchedManifest {
        let call = manifestCall(.GET, route, operation: "pull manifest", accepted: [200])
        return try await retrying(isMirror: route.isMirror) {
            let response = try await send(call)
            let bytes = try await document(of: response, call, limit: Self.maximumManifestSize)
            let type = try mediaType(of: bytes, response.headers, call)
            let named = route.reference.digest ?? Self.digest(response.headers)
            let digest = try ContentVerifier.digest(of: bytes, named?.algorithm ?? .sha256)
            if let named, named != digest {
                throw RegistryError(call, .digestMismatch(expected: named, actual: digest))
            }
            return FetchedManifest(
                descriptor: Descriptor(mediaType: type, digest: digest, size: Int64(bytes.count)), bytes: bytes)
        }
    }

    /// Puts a manifest or index under a tag or its digest, and checks the digest that the registry answers.
    ///
    /// Whatever the document refers to must be in the repository already. With a tag this is what publishes an image.
    ///
    /// - Parameters:
    ///   - bytes: The document; sent as it is.
    ///   - mediaType: What it is.
    ///   - reference: Where it goes; a digest must be that of the bytes.
    /// - Returns: The descriptor of the document.
    /// - Throws: ``RegistryError``.
    @discardableResult
    public func putManifest(
        _ bytes: [UInt8], mediaType: MediaType, to reference: Reference
    ) async throws -> Descriptor {
        let digest = try ContentVerifier.digest(of: bytes, reference.digest?.algorithm ?? .sha256)
        var call = Call(
            .PUT, "manifests/\(reference.manifestReference)", of: try ownRoute(reference, operation: "push manifest"),
            operation: "push manifest",
            subject: reference.description, access: .push, accepted: [200, 201, 202])
        if let wanted = reference.digest, wanted != digest {
            throw RegistryError(call, .digestMismatch(expected: wanted, actual: digest))
        }
        call.headers.add(name: "Content-Type", value: mediaType.rawValue)
        let buffer = ByteBuffer(bytes: bytes)
        call.body = { .bytes(buffer) }
        return try await retrying { [call] in
            let response: HTTPClientResponse
            do { response = try await send(call) } catch let error as RegistryError {
                if error.leavesOpen, await stands(for: digest, call) {
                    return Descriptor(mediaType: mediaType, digest: digest, size: Int64(bytes.count))
                }
                throw Self.explained(error, mediaType)
            }
            _ = try await response.beginning()
            if let answered = Self.digest(response.headers), answered.algorithm == digest.algorithm, answered != digest
            {
                throw RegistryError(call, .digestMismatch(expected: digest, actual: answered))
            }
            return Descriptor(mediaType: mediaType, digest: digest, size: Int64(bytes.count))
        }
    }

    /// Whether a manifest that nobody has confirmed is in its place all the same, as the registry says when it is asked once.
    private func stands(for digest: Digest, _ put: Call) async -> Bool {
        var call = put
        call.method = .HEAD
        call.body = nil
        call.accepted = [200]
        call.headers.remove(name: "Content-Type")
        Self.acceptManifests(&call)
        guard let response = try? await send(call) else { return false }
        return Self.digest(response.headers) == digest
    }

    /// A refusal of a manifest, with what helps against registries from before OCI's media types.
    private static func explained(_ error: RegistryError, _ type: MediaType) -> RegistryError {
        guard type.oci == type, type.isIndex || type.isManifest, let status = error.status,
            [400, 405, 406, 415, 422].contains(status)
                || (status == 404 && error.says("MANIFEST_INVALID", "UNSUPPORTED"))
        else { return error }
        // What is missing or larger than allowed is so in any media type.
        if error.says("MANIFEST_BLOB_UNKNOWN", "BLOB_UNKNOWN", "MANIFEST_UNVERIFIED", "SIZE_INVALID") { return error }
        var error = error
        error.hint =
            "if \(error.registry) does not know OCI's media types (\(type)), push Docker's with --oci-mediatypes=false "
            + "(of a build: --output type=registry,oci-mediatypes=false)"
        return error
    }

    private func manifestCall(
        _ method: HTTPMethod, _ route: Route, operation: String, accepted: Set<UInt>
    ) -> Call {
        let reference = route.reference
        var call = Call(
            method, "manifests/\(reference.manifestReference)", of: route, operation: operation,
            subject: reference.description, access: .pull, accepted: accepted)
        Self.acceptManifests(&call)
        return call
    }

    private static func acceptManifests(_ call: inout Call) {
        let types: [MediaType] = [.ociIndex, .ociManifest, .dockerManifestList, .dockerManifest]
        call.headers.add(name: "Accept", value: types.map(\.rawValue).joined(separator: ", "))
    }

    /// A whole body, up to a limit.
    func document(of response: HTTPClientResponse, _ call: Call, limit: Int) async throws -> [UInt8] {
        do {
            return Array(try await response.body.collect(upTo: limit).readableBytesView)
        } catch is NIOTooManyBytesError {
            throw RegistryError(call, .tooLarge(limit: limit))
        } catch {
            switch NetworkFailure.wrap(error) {
            case let failure as NetworkFailure: throw RegistryError(failure, call)
            case let other: throw other
            }
        }
    }

    /// What a manifest is: what the header says when that means something, else what the document says of itself.
    private func mediaType(of bytes: [UInt8], _ headers: HTTPHeaders, _ call: Call) throws -> MediaType {
        if let type = Self.mediaType(headers), type.isIndex || type.isManifest { return type }
        struct Outline: Decodable {
            var mediaType: MediaType?
            var schemaVersion: Int?
        }
        let header = headers.first(name: "Content-Type") ?? "nothing"
        guard let outline = try? JSONDecoder().decode(Outline.self, from: Data(bytes)) else {
            throw RegistryError(
                call, .malformedAnswer, detail: bytes.isEmpty ? "an empty body" : "not JSON, but \(header.prefix(80))")
        }
        if outline.schemaVersion == 1 {
            throw RegistryError(
                call, .malformedAnswer, detail: "a schema 1 manifest, a format of before 2016 that must be pushed anew")
        }
        guard let type = outline.mediaType else {
            throw RegistryError(call, .malformedAnswer, detail: "a document of no known kind (\(header.prefix(80)))")
        }
        return type
    }

    private static func mediaType(_ headers: HTTPHeaders) -> MediaType? {
        guard let value = headers.first(name: "Content-Type") else { return nil }
        let type = value.prefix { $0 != ";" && $0 != " " }
        return type.isEmpty ? nil : MediaType(rawValue: type.lowercased())
    }

    static func digest(_ headers: HTTPHeaders) -> Digest? {
        headers.first(name: "Docker-Content-Digest").flatMap { try? Digest($0) }
    }
}

extension RegistryError {
    /// Whether the registry answered that it will not, a status 4xx.
    var isRefusal: Bool { status.map { (400..<500).contains($0) } ?? false }

    /// Whether the request may have taken effect although no answer says so.
    var leavesOpen: Bool { [.connectionLost, .timedOut, .serverFailure].contains(kind) }

    /// Whether the registry's answer has one of some codes.
    func says(_ codes: String...) -> Bool { messages.contains { codes.contains($0.code) } }

    init(_ call: Call, _ kind: Kind, detail: String? = nil) {
        self.init(
            kind, registry: call.registry, operation: call.operation, subject: call.subject, detail: detail)
    }
}
