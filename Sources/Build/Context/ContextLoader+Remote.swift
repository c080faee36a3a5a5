// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import Glibc
import HTTP
import Layers
import Remote
import Store
import SystemPackage

/// Contexts from the network.
extension ContextLoader {
    /// Fetches a repository at its reference; the files are those of a clean checkout.
    func checkOut(_ source: GitSource) async throws -> GitCheckOut {
        let step = events.step("fetch \(source.title)")
        return try await events.perform(step) {
            let resolved = try await network.git.resolve(source)
            let checkout = try await network.git.checkOut(
                resolved, into: store.scratch.newDirectory("context"), scratch: store.scratch.newDirectory("git"))
            return (checkout, .done)
        }
    }

    /// Downloads a file, hands it on at its beginning with its first bytes, and removes it.
    func withDownload<Result: Sendable>(
        of url: WebURL, _ body: (_ file: FileDescriptor, _ head: [UInt8]) async throws -> Result
    ) async throws -> Result {
        let (path, file) = try store.scratch.newFile("download")
        defer {
            try? file.close()
            unlink(path.string)
        }
        let step = events.step("download \(url.redacted)")
        try await events.perform(step) {
            _ = try await network.downloader.download(url, into: file) { completed, total in
                events.send(.progressed(step: step.id, completed: completed, total: total))
            }
            return ((), .done)
        }
        try file.seek(offset: 0, from: .start)
        var head = [UInt8](repeating: 0, count: 512)
        let count = try head.withUnsafeMutableBytes { try file.read(fromAbsoluteOffset: 0, into: $0) }
        return try await body(file, Array(head.prefix(count)))
    }
}
