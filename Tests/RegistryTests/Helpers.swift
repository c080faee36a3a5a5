// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import FoundationEssentials
import Glibc
import HTTP
import OCI
import Registry
import SystemPackage

/// Runs `body` with a client that does not wait long between attempts, and shuts it down.
func withClient(
    credentials: any CredentialSource = NoCredentials(), configuration: RegistryConfiguration = RegistryConfiguration(),
    _ body: (RegistryClient) async throws -> Void
) async throws {
    var configuration = configuration
    configuration.firstRetryDelay = .milliseconds(2)
    try await withClient(credentials: credentials, keeping: configuration, body)
}

/// The same with a configuration that is taken as it is.
func withClient(
    credentials: any CredentialSource = NoCredentials(), keeping configuration: RegistryConfiguration,
    _ body: (RegistryClient) async throws -> Void
) async throws {
    let client = RegistryClient(credentials: credentials, configuration: configuration)
    do {
        try await body(client)
        try await client.shutdown()
    } catch {
        try await client.shutdown()
        throw error
    }
}

/// Runs `body` with a folder that has some files; those whose text begins with `#!` are programs.
func withFiles(_ files: [String: String], _ body: (FilePath) async throws -> Void) async throws {
    var template = Array("/tmp/manifold-files-XXXXXX".utf8CString)
    guard mkdtemp(&template) != nil else { throw Errno(rawValue: errno) }
    let folder = FilePath(String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self))
    defer { try? FileManager.default.removeItem(atPath: folder.string) }
    for (name, text) in files {
        let path = folder.appending(name)
        try FileManager.default.createDirectory(
            atPath: path.removingLastComponent().string, withIntermediateDirectories: true)
        let isProgram = text.hasPrefix("#!")
        let file = try SystemPackage.FileDescriptor.open(
            path, .writeOnly, options: .create, permissions: isProgram ? .ownerReadWriteExecute : .ownerReadWrite)
        _ = try file.closeAfter { try file.writeAll(text.utf8) }
    }
    try await body(folder)
}

extension RegistryClient {
    /// Pushes bytes as an image's config.
    func pushConfig(_ bytes: [UInt8], to repository: String) async throws -> Descriptor {
        let descriptor = Descriptor(mediaType: .ociConfig, digest: .sha256(of: bytes), size: Int64(bytes.count))
        _ = try await pushBlob(descriptor, from: .bytes(bytes), to: Reference(repository))
        return descriptor
    }
}

enum JSON {
    static func encode(_ value: some Encodable) throws -> [UInt8] {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return Array(try encoder.encode(value))
    }
}

/// A large blob that nobody has to keep: the byte at an offset follows from the offset.
struct Pattern: Sendable {
    let size: Int64
    let digest: Digest

    init(size: Int64) {
        self.size = size
        var digester = Digester()
        var piece = [UInt8](repeating: 0, count: 1 << 20)
        var offset: Int64 = 0
        while offset < size {
            let count = Int(min(Int64(piece.count), size - offset))
            piece.withUnsafeMutableBytes { Self.fill($0, from: offset) }
            digester.update(piece[..<count])
            offset += Int64(count)
        }
        digest = digester.digest()
    }

    /// Fills a buffer with the bytes from an offset on.
    static func fill(_ buffer: UnsafeMutableRawBufferPointer, from offset: Int64) {
        guard let start = buffer.baseAddress else { return }
        var done = 0
        while done < buffer.count {
            let page = (offset + Int64(done)) >> 12
            let count = min(buffer.count - done, Int((page + 1) << 12 - offset) - done)
            memset(start.advanced(by: done), Int32(truncatingIfNeeded: page &* 31 & 255), count)
            done += count
        }
    }

    var descriptor: Descriptor { Descriptor(mediaType: .ociLayer, digest: digest, size: size) }

    var source: BlobSource {
        let size = size
        return .reading { offset, buffer in
            let count = Int(min(Int64(buffer.count), size - offset))
            Self.fill(UnsafeMutableRawBufferPointer(rebasing: buffer[..<count]), from: offset)
            return count
        }
    }
}
