// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import AsyncHTTPClient
import HTTP
import NIOHTTP1
public import OCI

/// How a blob came to be in a repository.
public enum PushOutcome: Hashable, Sendable {
    /// The repository had it.
    case alreadyThere
    /// The registry took it over from another of its repositories.
    case mounted
    /// It was sent.
    case uploaded
}

extension RegistryClient {
    /// Sees to it that a repository has a blob: looks for it, tries to mount it, sends it.
    ///
    /// The bytes are read from `source` in pieces as the network takes them. An upload that breaks goes on from where the
    /// registry says it is, or is begun anew when the registry has forgotten it.
    ///
    /// - Parameters:
    ///   - descriptor: Which blob.
    ///   - source: Its bytes.
    ///   - repository: Where it goes; tag and digest do not matter.
    ///   - mountFrom: Repositories of the same registry that are likely to have it, such as that of the base image.
    ///   - progress: Called with the number of bytes handed to the network so far; falls back to where an upload goes on.
    /// - Returns: How the blob got there.
    /// - Throws: ``RegistryError``, or what reading the source threw.
    public func pushBlob(
        _ descriptor: Descriptor, from source: BlobSource, to repository: Reference, mountFrom: [String] = [],
        progress: (@Sendable (Int64) -> Void)? = nil
    ) async throws -> PushOutcome {
        try await pushBlob(descriptor, to: repository, mountFrom: mountFrom, progress: progress) { source }
    }

    /// As ``pushBlob(_:from:to:mountFrom:progress:)``, for bytes that are troublesome to get: `source` is asked only
    /// when the repository neither has the blob nor can take it over.
    public func pushBlob(
        _ descriptor: Descriptor, to repository: Reference, mountFrom: [String] = [],
        progress: (@Sendable (Int64) -> Void)? = nil, from source: @Sendable () async throws -> BlobSource
    ) async throws -> PushOutcome {
        let route = try ownRoute(repository, operation: "push blob")
        let transfers = host(repository.registry).transfers
        let outcome: PushOutcome? = try await transfers.pass {
            if try await isThere(descriptor, route) { return .alreadyThere }
            for other in mountFrom where other != repository.repository {
                if try await mount(descriptor, from: other, to: route) { return .mounted }
            }
            return nil
        }
        if let outcome { return outcome }
        // Asked for without a place among the transfers, since the bytes may have to come from the same host.
        let source = try await source()
        return try await transfers.pass {
            try await upload(descriptor, from: source, to: route, progress: progress)
            return .uploaded
        }
    }

    /// Whether a repository that something is pushed to has a blob already; a registry that does not know HEAD cannot say so.
    func isThere(_ descriptor: Descriptor, _ route: Route) async throws -> Bool {
        let look = Self.blobCall(
            .HEAD, descriptor, route, operation: "push blob", access: .push, accepted: [200, 404, 405, 501])
        return try await retrying {
            let response = try await send(look)
            _ = try await response.beginning()
            return response.status == .ok
        }
    }

    /// Asks the registry to take a blob over from another repository (distribution-spec, "Mounting a blob").
    private func mount(_ descriptor: Descriptor, from other: String, to route: Route) async throws -> Bool {
        var call = uploadCall(.POST, "", descriptor, route, accepted: [201, 202])
        call.path +=
            "?mount=\(PercentEncoding.encode(descriptor.digest.description))&from=\(PercentEncoding.encode(other))"
        call.scopes.append("repository:\(other):pull")
        call.body = { .bytes([]) }
        do {
            let response = try await retrying { [call] in
                let response = try await send(call)
                _ = try await response.beginning()
                return response
            }
            guard response.status != .created else { return true }
            // Not mounted: the registry has opened an upload instead, which nobody will use.
            guard let session = try? await location(response, call) else { return false }
            var cancel = uploadCall(.DELETE, "", descriptor, route, accepted: Set(200..<500))
            cancel.address = session
            _ = try? await send(cancel)
            return false
        } catch let error as RegistryError where error.isRefusal || error.kind == .serverFailure {
            // No such repository, none of ours, or a registry that cannot do it: then the blob is sent.
            return false
        }
    }

    /// Where an upload goes on, from the Location header of an answer.
    func location(_ response: HTTPClientResponse, _ call: Call) async throws -> WebURL {
        let endpoint = try await endpoint(of: call.registry, isInsecure: call.isInsecure)
        guard let text = response.headers.first(name: "Location"), var address = endpoint.resolve(text) else {
            throw RegistryError(call, .malformedAnswer, detail: "no address to upload to")
        }
        // A registry behind a proxy that ends TLS often calls itself http.
        if address.authority == endpoint.authority { address.scheme = endpoint.scheme }
        if address.scheme == .http, endpoint.scheme == .https, !policy.isInsecure(address.authority),
            !call.isInsecure
        {
            throw RegistryError(call, .insecureConnection, detail: "it wants the upload over plain HTTP")
        }
        return address
    }

    func uploadCall(
        _ method: HTTPMethod, _ rest: String, _ descriptor: Descriptor, _ route: Route, accepted: Set<UInt>
    ) -> Call {
        Call(
            method, "blobs/uploads/" + rest, of: route, operation: "push blob",
            subject: "\(route.reference.name)@\(descriptor.digest)", access: .push, accepted: accepted)
    }
}
