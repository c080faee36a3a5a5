// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

// Dispatch sources may be used from any thread; the module does not say so yet.
@preconcurrency import Dispatch
import Glibc
import Synchronization
import SystemPackage

/// A socket that stands for an ssh agent's: with the owner and mode that a step wants, and speaking to the agent as this
/// program's user, whoever speaks in the sandbox. An agent answers nobody else.
final class AgentProxy: Sendable {
    private let source: any DispatchSourceRead

    /// Listens at `path` as long as this object lives.
    ///
    /// - Throws: `Errno`.
    init(of agent: FilePath, at path: FilePath, mode: UInt32, uid: UInt32, gid: UInt32) throws {
        let listener = try UnixSocket.listening(at: path)
        guard chown(path.string, uid, gid) == 0, chmod(path.string, mode_t(mode)) == 0 else {
            let error = Errno(rawValue: errno)
            close(listener)
            throw error
        }
        let queue = DispatchQueue(label: "ssh agent")
        source = DispatchSource.makeReadSource(fileDescriptor: listener, queue: queue)
        source.setEventHandler {
            let client = accept(listener, nil, nil)
            guard client >= 0 else { return }
            guard let server = try? UnixSocket.connected(to: agent) else {
                close(client)
                return
            }
            UnixSocket.prepare(client)
            UnixSocket.prepare(server)
            Relay(client, server).start(on: queue)
        }
        source.setCancelHandler { close(listener) }
        source.activate()
    }

    deinit { source.cancel() }
}

/// Two sockets, each of which gets what the other says, until one has nothing more to say.
private final class Relay: Sendable {
    private let sockets: [Int32]
    private let sources = Mutex<[any DispatchSourceRead]>([])

    init(_ first: Int32, _ second: Int32) { sockets = [first, second] }

    /// The sources hold this object, and let it go when both are cancelled.
    deinit { for socket in sockets { close(socket) } }

    func start(on queue: DispatchQueue) {
        for (from, to) in [(sockets[0], sockets[1]), (sockets[1], sockets[0])] {
            let source = DispatchSource.makeReadSource(fileDescriptor: from, queue: queue)
            source.setEventHandler { if !Self.hand(from, to) { self.stop() } }
            sources.withLock { $0.append(source) }
            source.activate()
        }
    }

    private func stop() {
        let ended = sources.withLock { sources in
            defer { sources = [] }
            return sources
        }
        for source in ended { source.cancel() }
    }

    /// Hands on what is there; false at the end.
    private static func hand(_ from: Int32, _ to: Int32) -> Bool {
        let bytes = [UInt8](unsafeUninitializedCapacity: 65536) { buffer, count in
            count = max(0, recv(from, buffer.baseAddress, buffer.count, 0))
        }
        guard !bytes.isEmpty else { return false }
        return bytes.withUnsafeBytes { buffer in
            var sent = 0
            while sent < buffer.count {
                let rest = UnsafeRawBufferPointer(rebasing: buffer[sent...])
                let count = send(to, rest.baseAddress, rest.count, Int32(MSG_NOSIGNAL))
                guard count > 0 else { return false }
                sent += count
            }
            return true
        }
    }
}

/// Sockets with a path (unix(7)).
private enum UnixSocket {
    static func listening(at path: FilePath) throws -> Int32 {
        let socket = try make()
        let result = try withAddress(path) { bind(socket, $0, $1) }
        guard result == 0, listen(socket, 16) == 0 else { throw failure(closing: socket) }
        return socket
    }

    static func connected(to path: FilePath) throws -> Int32 {
        let socket = try make()
        let result = try withAddress(path) { connect(socket, $0, $1) }
        guard result == 0 else { throw failure(closing: socket) }
        return socket
    }

    /// Not handed to programs; and who does not take what is sent for some seconds is given up.
    static func prepare(_ socket: Int32) {
        _ = fcntl(socket, F_SETFD, FD_CLOEXEC)
        var time = timeval(tv_sec: 5, tv_usec: 0)
        _ = setsockopt(socket, SOL_SOCKET, SO_SNDTIMEO, &time, socklen_t(MemoryLayout<timeval>.size))
    }

    private static func make() throws -> Int32 {
        let type = Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue)
        let result = socket(AF_UNIX, type, 0)
        guard result >= 0 else { throw Errno(rawValue: errno) }
        return result
    }

    private static func failure(closing socket: Int32) -> Errno {
        let error = Errno(rawValue: errno)
        close(socket)
        return error
    }

    private static func withAddress(
        _ path: FilePath, _ body: (UnsafePointer<sockaddr>, socklen_t) -> Int32
    ) throws -> Int32 {
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        let bytes = Array(path.string.utf8)
        guard bytes.count < MemoryLayout.size(ofValue: address.sun_path) else { throw Errno.fileNameTooLong }
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: bytes) }
        return withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                body($0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
    }
}
