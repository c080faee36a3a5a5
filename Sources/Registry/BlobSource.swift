// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import HTTP
import NIOCore
public import SystemPackage

/// Bytes that can be read from any place, as often as an upload has to begin anew.
public struct BlobSource: Sendable {
    /// Reads up to so many bytes from an offset; none at the end.
    typealias Read = @Sendable (_ offset: Int64, _ buffer: UnsafeMutableRawBufferPointer) throws -> Int

    private let open: @Sendable () throws -> Read

    private init(open: @escaping @Sendable () throws -> Read) { self.open = open }

    /// The bytes of a file, which is opened when they are sent.
    public static func file(_ path: FilePath) -> BlobSource {
        BlobSource {
            let file = try OpenFile(path)
            return { offset, buffer in try file.descriptor.read(fromAbsoluteOffset: offset, into: buffer) }
        }
    }

    /// Bytes in memory; for configs and other small things.
    public static func bytes(_ bytes: [UInt8]) -> BlobSource {
        BlobSource {
            { offset, buffer in
                let rest = bytes[min(Int(offset), bytes.count)...].prefix(buffer.count)
                buffer.copyBytes(from: rest)
                return rest.count
            }
        }
    }

    /// Bytes by a function that fills as much of a buffer as it can from an offset, and returns how much; 0 is the
    /// end. It may be called again for bytes that it gave before, and from any thread.
    public static func reading(
        _ read: @escaping @Sendable (_ offset: Int64, _ buffer: UnsafeMutableRawBufferPointer) throws -> Int
    ) -> BlobSource {
        BlobSource { read }
    }

    /// Exactly the bytes of a range, in pieces.
    ///
    /// - Parameter pace: returns when those who take the pieces know what they have been given.
    func stream(
        _ range: Range<Int64>, pace: @escaping @Sendable () async -> Void, progress: (@Sendable (Int64) -> Void)?
    ) throws -> BlobStream {
        BlobStream(read: try open(), range: range, pace: pace, progress: progress)
    }
}

/// A file that is open as long as somebody holds this.
private final class OpenFile: Sendable {
    let descriptor: SystemPackage.FileDescriptor

    init(_ path: FilePath) throws {
        descriptor = try SystemPackage.FileDescriptor.open(path, .readOnly, options: .closeOnExec)
    }

    deinit { try? descriptor.close() }
}

/// The pieces of an upload. The next is read when the network has taken the last, so memory holds one or two.
struct BlobStream: AsyncSequence, Sendable {
    typealias Element = ByteBuffer

    static let pieceSize = 256 * 1024

    let read: BlobSource.Read
    let range: Range<Int64>
    let pace: @Sendable () async -> Void
    let progress: (@Sendable (Int64) -> Void)?

    func makeAsyncIterator() -> Iterator { Iterator(stream: self, offset: range.lowerBound) }

    struct Iterator: AsyncIteratorProtocol {
        let stream: BlobStream
        var offset: Int64

        mutating func next() async throws -> ByteBuffer? {
            try Task.checkCancellation()
            let wanted = Int(Swift.min(Int64(BlobStream.pieceSize), stream.range.upperBound - offset))
            guard wanted > 0 else { return nil }
            if offset > stream.range.lowerBound { await stream.pace() }
            var buffer = ByteBufferAllocator().buffer(capacity: wanted)
            do {
                let start = offset
                let count = try buffer.writeWithUnsafeMutableBytes(minimumWritableBytes: wanted) { space in
                    try stream.read(start, UnsafeMutableRawBufferPointer(rebasing: space[..<wanted]))
                }
                guard count > 0 else {
                    throw BlobSourceError.endedEarly(expected: stream.range.upperBound, actual: offset)
                }
                offset += Int64(count)
            } catch {
                throw SourceFailure(error)
            }
            stream.progress?(offset)
            return buffer
        }
    }
}

/// A source of an upload that does not hold what its descriptor says.
public enum BlobSourceError: Error, Hashable, Sendable, CustomStringConvertible {
    /// There are fewer bytes than the descriptor says.
    case endedEarly(expected: Int64, actual: Int64)

    public var description: String {
        switch self {
        case .endedEarly(let expected, let actual):
            "the blob to be pushed should have \(expected) bytes and ends after \(actual)"
        }
    }

    /// What a person can do about it.
    public var remedy: String? { "build again; the store's copy was damaged" }
}
