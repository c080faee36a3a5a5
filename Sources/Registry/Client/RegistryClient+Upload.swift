// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import AsyncHTTPClient
import HTTP
import NIOHTTP1
import OCI

/// Sending a blob (distribution-spec, "Pushing blobs"): in one piece where that works, in pieces where it does not, and
/// after each mishap from where the registry says it is.
extension RegistryClient {
    /// From this size on a registry may need a while to put a blob away when it has all of it.
    private static let largeBlob: Int64 = 64 << 20
    /// The pieces for registries behind something that takes no large bodies; halved while that is too much.
    private static let fallbackPiece: Int64 = 16 << 20
    private static let smallestFallbackPiece: Int64 = 1 << 20

    /// What is known of an upload between two attempts.
    private struct State {
        var session: UploadSession?
        /// How much to send at once; nil is all.
        var piece: Int64?
        /// Whether an attempt has failed, so that the blob may have arrived although nobody said so.
        var mayHaveArrived = false
    }

    func upload(
        _ descriptor: Descriptor, from source: BlobSource, to route: Route, progress: (@Sendable (Int64) -> Void)?
    ) async throws {
        var state = State(piece: configuration.uploadChunkSize.map { max(1, $0) })
        try await resuming { arrived in
            if let session = state.session {
                state.session = try await self.status(of: session, descriptor, route)
            }
            if state.session == nil {
                if state.mayHaveArrived, try await isThere(descriptor, route) { return }
                state.session = try await start(descriptor, route)
            }
            arrived = max(arrived, state.session?.offset ?? 0)
            state.mayHaveArrived = true
            while let session = state.session {
                let rest = descriptor.size - session.offset
                let piece = state.piece.map { max($0, session.smallestPiece) } ?? rest
                do {
                    guard piece < rest else {
                        return try await finish(session, descriptor, from: source, route, progress: progress)
                    }
                    let range = session.offset..<session.offset + piece
                    state.session = try await append(
                        range, to: session, descriptor, from: source, route, progress: progress)
                    arrived = max(arrived, state.session?.offset ?? 0)
                } catch var error as RegistryError {
                    switch error.status {
                    case 404:
                        // The registry has forgotten this upload; a new one may do.
                        state.session = nil
                        error.isTransient = true
                    case 413 where piece > Self.smallestFallbackPiece:
                        state.piece = min(Self.fallbackPiece, max(piece / 2, Self.smallestFallbackPiece))
                        error.isTransient = true
                    case 416: error.isTransient = true
                    default: break
                    }
                    throw error
                }
            }
        }
    }

    private func start(_ descriptor: Descriptor, _ route: Route) async throws -> UploadSession {
        var call = uploadCall(.POST, "", descriptor, route, accepted: [202])
        call.body = { .bytes([]) }
        let response = try await send(call)
        _ = try await response.beginning()
        return UploadSession(
            address: try await location(response, call),
            smallestPiece: response.headers.first(name: "OCI-Chunk-Min-Length").flatMap { Int64($0) } ?? 0)
    }

    /// Asks how far an upload has come; nil when it is better begun anew.
    private func status(
        of session: UploadSession, _ descriptor: Descriptor, _ route: Route
    ) async throws -> UploadSession? {
        var call = uploadCall(.GET, "", descriptor, route, accepted: [200, 202, 204])
        call.address = session.address
        let response: HTTPClientResponse
        do {
            response = try await send(call)
            _ = try await response.beginning()
        } catch let error as RegistryError where error.isRefusal {
            // Forgotten, or a registry that does not answer this question; but not one that wants to be left alone.
            if error.isTransient || error.kind == .unauthorized { throw error }
            return nil
        }
        guard let received = UploadSession.received(response.headers), received <= descriptor.size else { return nil }
        var next = session
        next.offset = received
        if response.headers.contains(name: "Location") { next.address = try await location(response, call) }
        return next
    }

    /// Sends one piece of several.
    private func append(
        _ range: Range<Int64>, to session: UploadSession, _ descriptor: Descriptor, from source: BlobSource,
        _ route: Route, progress: (@Sendable (Int64) -> Void)?
    ) async throws -> UploadSession {
        // 202 is right; the others are what some registries say instead.
        var call = uploadCall(.PATCH, "", descriptor, route, accepted: [200, 201, 202, 204])
        call.address = session.address
        call.send(range, of: source, over: transport, progress: progress)
        call.headers.add(name: "Content-Range", value: "\(range.lowerBound)-\(range.upperBound - 1)")
        let response = try await deliver(call)
        var next = session
        if response.headers.contains(name: "Location") { next.address = try await location(response, call) }
        // A registry may have kept less than it got, and says so.
        let received = UploadSession.received(response.headers) ?? range.upperBound
        guard received > session.offset, received <= range.upperBound else {
            var error = RegistryError(
                call, .malformedAnswer,
                detail: "it has \(received) bytes where \(range.upperBound) should have arrived")
            error.isTransient = true
            throw error
        }
        next.offset = received
        return next
    }

    /// Sends all that is missing, and says what the whole must be.
    private func finish(
        _ session: UploadSession, _ descriptor: Descriptor, from source: BlobSource, _ route: Route,
        progress: (@Sendable (Int64) -> Void)?
    ) async throws {
        var call = uploadCall(.PUT, "", descriptor, route, accepted: [200, 201, 202, 204])
        call.address = session.address.appending(
            query: "digest=" + PercentEncoding.encode(descriptor.digest.description))
        call.send(
            session.offset..<max(session.offset, descriptor.size), of: source, over: transport, progress: progress)
        if session.offset > 0, session.offset < descriptor.size {
            call.headers.add(name: "Content-Range", value: "\(session.offset)-\(descriptor.size - 1)")
        }
        if descriptor.size >= Self.largeBlob { call.idleTimeout = configuration.storingTimeout }
        let response = try await deliver(call)
        if let answered = Self.digest(response.headers), answered != descriptor.digest,
            answered.algorithm == descriptor.digest.algorithm
        {
            throw RegistryError(call, .digestMismatch(expected: descriptor.digest, actual: answered))
        }
        // Created or not: 202 only says that it may become true.
        guard response.status == .accepted, try await !isThere(descriptor, route) else { return }
        var error = RegistryError(call, .malformedAnswer, detail: "it took the blob, and does not have it")
        error.status = 202
        error.isTransient = true
        throw error
    }

    private func deliver(_ call: Call) async throws -> HTTPClientResponse {
        do {
            let response = try await send(call)
            _ = try await response.beginning()
            return response
        } catch let failure as SourceFailure {
            throw failure.error
        }
    }
}

extension Call {
    /// Makes a range of a blob the body.
    fileprivate mutating func send(
        _ range: Range<Int64>, of source: BlobSource, over transport: Transport, progress: (@Sendable (Int64) -> Void)?
    ) {
        headers.replaceOrAdd(name: "Content-Type", value: "application/octet-stream")
        body = {
            do {
                let stream = try source.stream(range, pace: transport.catchUp, progress: progress)
                return .stream(stream, length: .known(Int64(range.count)))
            } catch {
                throw SourceFailure(error)
            }
        }
    }
}
