// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import Glibc
import Synchronization
import SystemPackage

/// The arguments of posix_spawn(3).
struct Spawn {
    var arguments: [String]
    var environment: [String: String]
    var workingDirectory: FilePath?

    /// Starts the program with these three descriptors and no others, default signal handling, and a process group
    /// of its own.
    func start(input: Int32, output: Int32, errorOutput: Int32) throws -> pid_t {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_adddup2(&actions, input, 0)
        posix_spawn_file_actions_adddup2(&actions, output, 1)
        posix_spawn_file_actions_adddup2(&actions, errorOutput, 2)
        for number in Self.inheritableDescriptors() { posix_spawn_file_actions_addclose(&actions, number) }

        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        var signals = sigset_t()
        sigemptyset(&signals)
        posix_spawnattr_setsigmask(&attributes, &signals)
        sigfillset(&signals)
        posix_spawnattr_setsigdefault(&attributes, &signals)
        posix_spawnattr_setpgroup(&attributes, 0)
        posix_spawnattr_setflags(
            &attributes, Int16(POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK))

        // The Glibc module lacks the _np functions that set a directory; env(1) replaces itself by the program.
        let words = workingDirectory.map { ["/usr/bin/env", "--chdir=\($0.string)", "--"] + arguments } ?? arguments
        let argumentPointers = words.map { strdup($0) } + [nil]
        let environmentPointers = environment.map { strdup("\($0.key)=\($0.value)") } + [nil]
        defer { for pointer in argumentPointers + environmentPointers { free(pointer) } }
        var id: pid_t = 0
        let result = posix_spawn(&id, words[0], &actions, &attributes, argumentPointers, environmentPointers)
        guard result == 0 else {
            throw ChildProcessError.cannotStart(arguments.joined(separator: " "), errno: result)
        }
        return id
    }

    /// Descriptors that somebody left open across exec, besides the standard three.
    private static func inheritableDescriptors() -> [Int32] {
        guard let directory = opendir("/proc/self/fd") else { return [] }
        defer { closedir(directory) }
        var numbers: [Int32] = []
        while let entry = readdir(directory) {
            let name = withUnsafeBytes(of: &entry.pointee.d_name) { bytes in
                String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
            }
            if let number = Int32(name), number > 2, fcntl(number, F_GETFD) & FD_CLOEXEC == 0 { numbers.append(number) }
        }
        return numbers
    }
}

/// A temporary file without a name that a child reads or writes.
final class Capture: Sendable {
    let descriptor: FileDescriptor

    init(containing bytes: [UInt8] = []) throws {
        let template = "/tmp/manifold-test-XXXXXX"
        var path = Array(template.utf8CString)
        let number = mkstemp(&path)
        guard number >= 0 else { throw Errno(rawValue: errno) }
        _ = fcntl(number, F_SETFD, FD_CLOEXEC)
        unlink(path)
        descriptor = FileDescriptor(rawValue: number)
        try descriptor.writeAll(bytes)
        try descriptor.seek(offset: 0, from: .start)
    }

    /// Everything in the file; does not move the offset that the child shares.
    func contents() throws -> [UInt8] {
        var bytes: [UInt8] = []
        let size = 256 * 1024
        while true {
            let chunk = try [UInt8](unsafeUninitializedCapacity: size) { buffer, count in
                count = try descriptor.read(
                    fromAbsoluteOffset: Int64(bytes.count), into: UnsafeMutableRawBufferPointer(buffer))
            }
            guard !chunk.isEmpty else { return bytes }
            bytes += chunk
        }
    }

    deinit { try? descriptor.close() }
}

/// How a child ended, asked of the kernel once: after that its process id may belong to somebody else.
final class ExitStatus: Sendable {
    private let status = Mutex<ChildProcess.Status?>(nil)

    func poll(_ id: pid_t) throws -> ChildProcess.Status? {
        try status.withLock { status in
            if let status { return status }
            var word: Int32 = 0
            let found = waitpid(id, &word, WNOHANG)
            guard found != 0 else { return nil }
            guard found == id else { throw Errno(rawValue: errno) }
            let signal = word & 0x7f
            status = signal == 0 ? .exited((word >> 8) & 0xff) : .signalled(signal)
            return status
        }
    }

    func whileRunning(_ body: () -> Void) {
        status.withLock { status in if status == nil { body() } }
    }
}
