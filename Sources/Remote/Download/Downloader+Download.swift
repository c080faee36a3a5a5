// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import AsyncHTTPClient
import FoundationEssentials
public import HTTP
import NIOCore
import NIOHTTP1
import OCI
public import SystemPackage

extension Downloader {
    /// Downloads a file, hashing it on the way.
    ///
    /// A connection that breaks is taken up again where it broke, when the server can do that and its file is still the
    /// same.
    /// - Parameters:
    ///   - known: the version that need not be sent again.
    ///   - isPinned: whether the caller checks the digest against one that it knows.
    ///   - file: an open file, which gets the bytes; when this throws, they have to be thrown away.
    ///   - progress: is told how many bytes have come, and how many there are when that is known.
    /// - Throws: ``RemoteError``, `CancellationError`.
    public func download(
        _ url: WebURL, unlessStill known: FileVersion = FileVersion(), isPinned: Bool = false,
        into file: SystemPackage.FileDescriptor,
        progress: @Sendable (_ completed: Int64, _ total: Int64?) -> Void = { _, _ in }
    ) async throws -> Download {
        var transfer = Transfer(url: url, file: file, known: known, isPinned: isPinned)
        var retries = RetryPolicy(configuration)
        while true {
            let before = transfer.digester.count
            do {
                return try await receive(&transfer, progress)
            } catch var error as RemoteError {
                if transfer.digester.count > before { retries.reset() }
                error.attempts = retries.attempt
                guard try await retries.waits(after: error.networkKind, error.isTransient, pause: error.retryAfter)
                else { throw error }
            }
        }
    }

    /// One attempt.
    private func receive(
        _ transfer: inout Transfer, _ progress: @Sendable (Int64, Int64?) -> Void
    ) async throws -> Download {
        var headers = HTTPHeaders()
        let offset = transfer.digester.count
        if let condition = transfer.condition {
            headers.add(name: "Range", value: "bytes=\(offset)-")
            headers.add(name: "If-Range", value: condition)
        } else if offset == 0 {
            if let tag = transfer.known.tag { headers.add(name: "If-None-Match", value: tag) }
            if let date = transfer.known.modified { headers.add(name: "If-Modified-Since", value: date) }
        }
        let response = try await send(transfer.url, headers: headers, isPinned: transfer.isPinned)
        let version = FileVersion(
            tag: response.headers.first(name: "ETag"), modified: response.headers.first(name: "Last-Modified"))
        switch response.status.code {
        case 304 where !transfer.known.isEmpty: return .unchanged
        // Not every server that hands out tags looks at them.
        case 200 where offset == 0 && transfer.known.isSame(as: version): return .unchanged
        case 200:
            try transfer.wrap { try $0.restart() }
            transfer.version = version
        case 206 where transfer.condition != nil && Self.starts(response.headers, at: offset): break
        default:
            try transfer.wrap { try $0.restart() }
            var error = RemoteError(
                .malformedAnswer, subject: transfer.url.redacted,
                detail: "status \(response.status.code) to a request that cannot have it")
            error.isTransient = true
            throw error
        }
        let length = response.headers.first(name: "Content-Length").flatMap { Int64($0) }
        let total = length.map { transfer.digester.count + $0 }
        try await store(response.body, in: &transfer, total: total, progress)
        return .fetched(
            DownloadedFile(
                digest: transfer.digester.digest(), size: transfer.digester.count,
                version: transfer.version ?? version))
    }

    private func store(
        _ body: HTTPClientResponse.Body, in transfer: inout Transfer, total: Int64?,
        _ progress: @Sendable (Int64, Int64?) -> Void
    ) async throws {
        var iterator = body.makeAsyncIterator()
        while true {
            let next: ByteBuffer?
            do { next = try await iterator.next() } catch { throw RemoteError.wrap(error, subject: transfer.url) }
            guard let buffer = next else { break }
            try transfer.wrap { transfer in
                try buffer.withUnsafeReadableBytes { bytes in
                    _ = try transfer.file.writeAll(bytes)
                    transfer.digester.update(bytes)
                }
            }
            progress(transfer.digester.count, total)
        }
        guard total == nil || total == transfer.digester.count else {
            var error = RemoteError(
                .connectionLost, subject: transfer.url.redacted,
                detail: "\(transfer.digester.count) of \(total ?? 0) bytes came")
            error.isTransient = true
            throw error
        }
    }

    private static func starts(_ headers: HTTPHeaders, at offset: Int64) -> Bool {
        headers.first(name: "Content-Range")?.lowercased().hasPrefix("bytes \(offset)-") ?? false
    }
}
