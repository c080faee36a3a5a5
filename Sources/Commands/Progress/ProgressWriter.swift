// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import Glibc
package import SystemPackage

/// Writes text to a descriptor without ever waiting for whoever reads at its other end.
///
/// The descriptor may be shared with other programs, so it is not made non-blocking; instead it is asked before each
/// small piece whether there is room (poll(2); for a pipe that means a page, see pipe(7)).
package struct ProgressWriter: Sendable {
    /// No larger piece is written at once.
    private static let pieceLimit = 4096

    private let descriptor: FileDescriptor
    private var bytes: [UInt8] = []
    private var written = 0
    private var isBroken = false

    package init(_ descriptor: FileDescriptor) {
        self.descriptor = descriptor
    }

    /// The bytes that are not written yet.
    package var pendingCount: Int { bytes.count - written }

    /// Adds text and writes as much as there is room for.
    package mutating func write(_ text: String) {
        guard !isBroken else { return }
        bytes.append(contentsOf: text.utf8)
        writeWhatFits()
    }

    /// Writes as much of the pending bytes as there is room for. Where the other end is gone, all is dropped.
    package mutating func writeWhatFits() {
        while written < bytes.count, hasRoom {
            do {
                let piece = bytes[written..<min(bytes.count, written + Self.pieceLimit)]
                written += try piece.withUnsafeBytes { try descriptor.write($0) }
            } catch Errno.wouldBlock {
                break
            } catch {
                isBroken = true
                written = bytes.count
            }
        }
        if written == bytes.count {
            bytes.removeAll(keepingCapacity: bytes.capacity <= 1 << 20)
            written = 0
        } else if written > 1 << 20 {
            bytes.removeFirst(written)
            written = 0
        }
    }

    /// Forgets what is not written.
    package mutating func abandon() {
        bytes = []
        written = 0
    }

    private var hasRoom: Bool {
        var request = pollfd(fd: descriptor.rawValue, events: Int16(POLLOUT), revents: 0)
        // An error condition counts as room: writing is what reports it.
        return poll(&request, 1, 0) > 0
    }
}
