// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import Glibc
import SystemPackage

/// The few system calls of this room, with errors instead of errno.
enum System {
    /// O_PATH of open(2), which Swift's Glibc module leaves out.
    static let openPath: Int32 = 0o10000000

    /// The present errno as an error.
    static func failure(_ operation: String, _ path: some CustomStringConvertible) -> LayersError {
        .system(operation: operation, path: path.description, errno: Errno(rawValue: errno))
    }

    /// What a library that got no memory amounts to.
    static func outOfMemory(_ operation: String) -> LayersError {
        .system(operation: operation, path: "memory", errno: .noMemory)
    }

    /// Throws when a system call returned -1.
    @discardableResult
    static func check(_ result: Int32, _ operation: String, _ path: @autoclosure () -> String) throws -> Int32 {
        if result < 0 { throw failure(operation, path()) }
        return result
    }

    /// Reads once, retrying when a signal interrupts; 0 at the end.
    static func read(
        _ descriptor: Int32, into buffer: UnsafeMutableRawBufferPointer, path: @autoclosure () -> String
    )
        throws -> Int
    {
        while true {
            let count = Glibc.read(descriptor, buffer.baseAddress, buffer.count)
            if count >= 0 { return count }
            if errno != EINTR { throw failure("read", path()) }
        }
    }

    /// Waits until there is something to read, or the end; whoever sends may be slow, but the task may be cancelled.
    static func waitForInput(_ descriptor: Int32) throws {
        var request = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
        repeat { try Task.checkCancellation() } while poll(&request, 1, 100) == 0
    }

    /// Writes everything.
    static func write(_ descriptor: Int32, _ bytes: UnsafeRawBufferPointer, path: @autoclosure () -> String) throws {
        var rest = bytes
        while !rest.isEmpty {
            let count = Glibc.write(descriptor, rest.baseAddress, rest.count)
            if count > 0 {
                rest = UnsafeRawBufferPointer(rebasing: rest[count...])
            } else if count < 0, errno != EINTR {
                throw failure("write", path())
            }
        }
    }

    /// A file name as C wants it.
    static func name(_ bytes: some Collection<UInt8>) -> [CChar] {
        var name = bytes.map { CChar(bitPattern: $0) }
        name.append(0)
        return name
    }

    /// A device number as mknod wants it (makedev(3) is a macro).
    static func device(major: UInt32, minor: UInt32) -> dev_t {
        let low = UInt64(minor & 0xff) | UInt64(major & 0xfff) << 8
        let high = UInt64(minor & 0xffff_ff00) << 12 | UInt64(major & 0xffff_f000) << 32
        return dev_t(low | high)
    }

    /// The two halves of a device number.
    static func majorMinor(_ device: dev_t) -> (UInt32, UInt32) {
        let device = UInt64(device)
        let major = (device >> 8) & 0xfff | (device >> 32) & 0xffff_f000
        let minor = device & 0xff | (device >> 12) & 0xffff_ff00
        return (UInt32(major), UInt32(minor))
    }
}
