// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import AsyncHTTPClient
import HTTP
public import NIOCore
import NIOHTTP1
public import OCI

extension RegistryClient {
    /// Whether a repository has a blob.
    ///
    /// - Throws: ``RegistryError``.
    public func blobExists(_ descriptor: Descriptor, in repository: Reference) async throws -> Bool {
        let route = try ownRoute(repository, operation: "look for blob")
        let call = Self.blobCall(
            .HEAD, descriptor, route, operation: "look for blob", access: .pull, accepted: [200, 404])
        return try await retrying {
            let response = try await send(call)
            _ = try await response.beginning()
            return response.status == .ok
        }
    }

    /// Fetches a blob piece by piece, and checks size and digest on the way.
    ///
    /// A connection that breaks is taken up again where it broke, if need be at another of the places that have the blob: the
    /// registry's mirrors, the registry, and the addresses that the descriptor of a foreign layer names. `sink` gets every byte
    /// once and in order. When this throws, what `sink` got must be thrown away: the digest is known at the end only.
    ///
    /// - Parameters:
    ///   - descriptor: Which blob; its size is a limit.
    ///   - repository: Where it is; tag and digest do not matter.
    ///   - sink: Gets the bytes; what it throws ends the transfer and comes out unchanged. The network waits for it.
    /// - Throws: ``RegistryError``.
    public func pullBlob(
        _ descriptor: Descriptor, from repository: Reference, into sink: (UnsafeRawBufferPointer) throws -> Void
    ) async throws {
        try await pullBlob(descriptor, from: repository, buffers: { try $0.withUnsafeReadableBytes(sink) })
    }

    /// Fetches a blob as ``pullBlob(_:from:into:)`` does, for a sink that itself has to wait.
    public func pullBlob(
        _ descriptor: Descriptor, from repository: Reference, buffers sink: (ByteBuffer) async throws -> Void
    ) async throws {
        var verifier = ContentVerifier(descriptor.digest.algorithm)
        let routes = try pullRoutes(repository, operation: "pull blob", isBlob: true)
        let own = Self.pullCall(descriptor, routes.last ?? Route(reference: repository))
        do {
            try await trying(routes) { route in
                let call = Self.pullCall(descriptor, route)
                try await pullAll(of: descriptor, call, verifier: &verifier, sink: sink)
            }
        } catch let error as RegistryError where error.kind == .notFound && !(descriptor.urls ?? []).isEmpty {
            try await pullForeign(descriptor, own, after: error, verifier: &verifier, sink: sink)
        }
        let digest = try verifier.digest()
        guard digest == descriptor.digest else {
            throw RegistryError(own, .digestMismatch(expected: descriptor.digest, actual: digest))
        }
    }

    private static func pullCall(_ descriptor: Descriptor, _ route: Route) -> Call {
        blobCall(.GET, descriptor, route, operation: "pull blob", access: .pull, accepted: [200, 206, 416])
    }

    /// Fetches what is missing from one place.
    private func pullAll(
        of descriptor: Descriptor, _ call: Call, verifier: inout ContentVerifier,
        sink: (ByteBuffer) async throws -> Void
    ) async throws {
        try await host(call.registry).transfers.pass {
            try await resuming(isMirror: call.isMirror) { arrived in
                defer { arrived = verifier.count }
                try await pullRest(of: descriptor, call, verifier: &verifier, sink: sink)
            }
        }
    }

    /// Fetches a layer that its maker does not let registries hand out (descriptor.md, `urls`).
    private func pullForeign(
        _ descriptor: Descriptor, _ call: Call, after refusal: RegistryError, verifier: inout ContentVerifier,
        sink: (ByteBuffer) async throws -> Void
    ) async throws {
        var last = refusal
        for text in descriptor.urls ?? [] {
            guard let address = WebURL(text) else { continue }
            var call = call
            call.registry = address.authority
            call.address = address
            call.isForeign = true
            call.isInsecure = false
            do { return try await pullAll(of: descriptor, call, verifier: &verifier, sink: sink) } catch let error
                as RegistryError
            {
                last = error
            }
        }
        throw last
    }

    /// Fetches a blob into memory, for configs and other small things.
    ///
    /// - Throws: ``RegistryError``; of kind ``RegistryError/Kind/tooLarge(limit:)`` when it has more than `limit` bytes.
    public func pullBlob(
        _ descriptor: Descriptor, from repository: Reference, limit: Int = maximumManifestSize
    ) async throws -> [UInt8] {
        guard descriptor.size <= limit else {
            throw RegistryError(Self.pullCall(descriptor, Route(reference: repository)), .tooLarge(limit: limit))
        }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(Int(max(0, descriptor.size)))
        try await pullBlob(descriptor, from: repository, into: { bytes += $0 })
        return bytes
    }

    /// One attempt: asks for what is missing, and skips what a registry without ranges sends again.
    private func pullRest(
        of descriptor: Descriptor, _ call: Call, verifier: inout ContentVerifier,
        sink: (ByteBuffer) async throws -> Void
    ) async throws {
        var call = call
        let offset = verifier.count
        if offset > 0 { call.headers.replaceOrAdd(name: "Range", value: "bytes=\(offset)-") }
        // A connection that broke after the last byte has left nothing to ask for.
        if offset > 0, offset == descriptor.size { return }
        var response = try await send(call)
        if response.status == .rangeNotSatisfiable {
            _ = try await response.beginning()
            call.headers.remove(name: "Range")
            call.accepted = [200]
            response = try await send(call)
        }
        let isRest = response.status == .partialContent
        if isRest, offset == 0 || !Self.starts(response.headers, at: offset) {
            throw RegistryError(call, .malformedAnswer, detail: "another range than the one asked for")
        }
        let expected = descriptor.size - (isRest ? offset : 0)
        if let length = response.headers.first(name: "Content-Length").flatMap({ Int64($0) }), length != expected {
            throw RegistryError(
                call, .sizeMismatch(expected: descriptor.size, actual: length + (isRest ? offset : 0)))
        }
        var skip = isRest ? 0 : offset
        var iterator = response.body.makeAsyncIterator()
        while var buffer = try await next(&iterator, call) {
            let skipped = Int(min(skip, Int64(buffer.readableBytes)))
            buffer.moveReaderIndex(forwardBy: skipped)
            skip -= Int64(skipped)
            guard buffer.readableBytes > 0 else { continue }
            guard verifier.count + Int64(buffer.readableBytes) <= descriptor.size else {
                throw RegistryError(
                    call,
                    .sizeMismatch(expected: descriptor.size, actual: verifier.count + Int64(buffer.readableBytes)),
                    detail: "and stopped there")
            }
            try await sink(buffer)
            buffer.withUnsafeReadableBytes { verifier.update($0) }
        }
        guard verifier.count == descriptor.size else {
            throw RegistryError(call, .sizeMismatch(expected: descriptor.size, actual: verifier.count))
        }
    }

    private func next(
        _ iterator: inout HTTPClientResponse.Body.AsyncIterator, _ call: Call
    ) async throws -> ByteBuffer? {
        do {
            return try await iterator.next()
        } catch {
            switch NetworkFailure.wrap(error) {
            case var failure as NetworkFailure:
                if failure.kind == .timedOut {
                    failure.detail =
                        "it sent nothing for \(configuration.idleTimeout.inWords), in the middle of the blob"
                }
                throw RegistryError(failure, call)
            case let other: throw other
            }
        }
    }

    private static func starts(_ headers: HTTPHeaders, at offset: Int64) -> Bool {
        headers.first(name: "Content-Range")?.lowercased().hasPrefix("bytes \(offset)-") ?? false
    }

    static func blobCall(
        _ method: HTTPMethod, _ descriptor: Descriptor, _ route: Route, operation: String,
        access: Call.Access, accepted: Set<UInt>
    ) -> Call {
        Call(
            method, "blobs/\(descriptor.digest)", of: route, operation: operation,
            subject: "\(route.reference.name)@\(descriptor.digest)", access: access, accepted: accepted)
    }
}
