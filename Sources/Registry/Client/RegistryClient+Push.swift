// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import AsyncHTTPClient
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
    /// The bytes are read from `source` in pieces as the network takes them. An upload that breaks is begun anew.
    ///
    /// - Parameters:
    ///   - descriptor: Which blob.
    ///   - source: Its bytes.
    ///   - repository: Where it goes; tag and digest do not matter.
    ///   - mountFrom: Repositories of the same registry that are likely to have it, such as that of the base image.
    ///   - progress: Called with the number of bytes handed to the network so far; starts again from 0 when the upload does.
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
        let transfers = host(repository.registry).transfers
        let outcome: PushOutcome? = try await transfers.pass {
            let look = blobCall(
                .HEAD, descriptor, repository, operation: "push blob", access: .push, accepted: [200, 404])
            let found = try await retrying {
                let response = try await send(look)
                _ = try await Self.beginning(of: response)
                return response.status == .ok
            }
            if found { return .alreadyThere }
            for other in mountFrom where other != repository.repository {
                if try await mount(descriptor, from: other, to: repository) { return .mounted }
            }
            return nil
        }
        if let outcome { return outcome }
        // Asked for without a place among the transfers, since the bytes may have to come from the same host.
        let source = try await source()
        return try await transfers.pass {
            try await retrying {
                let session = try await startUpload(descriptor, to: repository)
                try await upload(descriptor, from: source, to: repository, session: session, progress: progress)
            }
            return .uploaded
        }
    }

    /// Asks the registry to take a blob over from another repository (distribution-spec, "Mounting a blob").
    private func mount(_ descriptor: Descriptor, from other: String, to repository: Reference) async throws -> Bool {
        var call = uploadCall(.POST, "", descriptor, repository, accepted: [201, 202])
        call.path += "?mount=\(TokenRequest.escape(descriptor.digest.description))&from=\(TokenRequest.escape(other))"
        call.scopes.append("repository:\(other):pull")
        call.body = { .bytes([]) }
        do {
            let session: WebAddress? =
                try await retrying { [call] in
                    let response = try await send(call)
                    _ = try await Self.beginning(of: response)
                    return response.status == .created ? nil : try? await location(response, call)
                } as WebAddress?
            guard let session else { return true }
            // Not mounted: the registry has opened an upload instead, which nobody will use.
            var cancel = uploadCall(.DELETE, "", descriptor, repository, accepted: Set(200..<500))
            cancel.address = session
            _ = try? await send(cancel)
            return false
        } catch let error as RegistryError where error.status.map({ (400..<500).contains($0) }) ?? false {
            // No such repository, or none of ours: then the blob is sent.
            return false
        }
    }

    private func startUpload(_ descriptor: Descriptor, to repository: Reference) async throws -> WebAddress {
        var call = uploadCall(.POST, "", descriptor, repository, accepted: [202])
        call.body = { .bytes([]) }
        let response = try await send(call)
        _ = try await Self.beginning(of: response)
        return try await location(response, call)
    }

    private func upload(
        _ descriptor: Descriptor, from source: BlobSource, to repository: Reference, session: WebAddress,
        progress: (@Sendable (Int64) -> Void)?
    ) async throws {
        var call = uploadCall(.PUT, "", descriptor, repository, accepted: [201, 204])
        call.address = session.appending(query: "digest", descriptor.digest.description)
        call.headers.add(name: "Content-Type", value: "application/octet-stream")
        call.body = {
            do {
                let stream = try source.stream(size: descriptor.size, progress: progress)
                return .stream(stream, length: .known(descriptor.size))
            } catch {
                throw SourceFailure(error: error)
            }
        }
        do {
            let response = try await send(call)
            _ = try await Self.beginning(of: response)
            if let answered = Self.digest(response.headers), answered != descriptor.digest,
                answered.algorithm == descriptor.digest.algorithm
            {
                throw RegistryError(call, .digestMismatch(expected: descriptor.digest, actual: answered))
            }
        } catch let failure as SourceFailure {
            throw failure.error
        } catch var error as RegistryError where error.status == 404 || error.status == 416 {
            // The registry has forgotten this upload; a new one may do.
            error.isTransient = true
            throw error
        }
    }

    /// Where an upload goes on, from the Location header of an answer.
    private func location(_ response: HTTPClientResponse, _ call: Call) async throws -> WebAddress {
        let endpoint = try await endpoint(of: call.registry)
        guard let text = response.headers.first(name: "Location"), var address = endpoint.resolve(text) else {
            throw RegistryError(call, .malformedAnswer, detail: "no address to upload to")
        }
        // A registry behind a proxy that ends TLS often calls itself http.
        if address.authority == endpoint.authority { address.scheme = endpoint.scheme }
        if address.scheme == .http, endpoint.scheme == .https, !transport.policy.isInsecure(address.authority) {
            throw RegistryError(call, .insecureConnection, detail: "it wants the upload over plain HTTP")
        }
        return address
    }

    private func uploadCall(
        _ method: HTTPMethod, _ rest: String, _ descriptor: Descriptor, _ repository: Reference, accepted: Set<UInt>
    ) -> Call {
        Call(
            method, "blobs/uploads/" + rest, of: repository, operation: "push blob",
            subject: "\(repository.name)@\(descriptor.digest)", access: .push, accepted: accepted)
    }
}
