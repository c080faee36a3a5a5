// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import CSandbox
import Glibc
import SystemPackage

/// One program that is done in a moment, run as it is and where this process is: its namespaces, its root directory.
struct ShortProcess: Sendable {
    /// How it ended.
    enum Ending: Hashable, Sendable {
        /// By itself, with this status.
        case status(UInt8)
        /// By this signal.
        case signal(Int32)
        /// It was killed when its time was over.
        case timeOver
        /// The kernel did not start it.
        case notStarted(Errno)
    }

    /// How it ended and the beginning of what it wrote, to both outputs.
    struct Result: Hashable, Sendable {
        let ending: Ending
        let output: String
    }

    /// Words of the command line, the first one the program's path.
    let arguments: [String]
    /// Where it is started, which is where it would leave a core file.
    let directory: FilePath
    /// When it is killed.
    let timeLimit: Duration

    /// Runs it to its end; its process group is killed when the time is over or the task is cancelled.
    ///
    /// - Throws: `CancellationError`.
    func run() async throws -> Result {
        let output = mf_memory_file()
        guard output >= 0 else { return Result(ending: .notStarted(Errno(rawValue: errno)), output: "") }
        defer { close(output) }
        var id: pid_t = 0
        var error = start(&id, output: output)
        // Another thread may have started a process while the program was still open for writing; that process lets go
        // of it as soon as it executes its own.
        for _ in 0..<50 where error == ETXTBSY {
            try await Task.sleep(for: .milliseconds(5))
            error = start(&id, output: output)
        }
        guard error == 0 else { return Result(ending: .notStarted(Errno(rawValue: error)), output: "") }
        let ending = try await wait(for: id)
        return Result(ending: ending, output: Self.beginning(of: output))
    }

    private func start(_ id: inout pid_t, output: Int32) -> Int32 {
        let words = arguments.map { strdup($0) }
        defer { for word in words { free(word) } }
        let list = words.map { UnsafePointer($0) } + [nil]
        return mf_start_program(list, directory.string, output, &id)
    }

    private func wait(for id: pid_t) async throws -> Ending {
        let deadline = ContinuousClock.now + timeLimit
        var pause = Duration.microseconds(500)
        while true {
            var status: Int32 = 0
            let ended = waitpid(id, &status, WNOHANG)
            if ended == id { return Self.ending(status) }
            if ended < 0, errno != EINTR { return .notStarted(Errno(rawValue: errno)) }
            guard ContinuousClock.now < deadline else {
                Self.kill(id)
                return .timeOver
            }
            do {
                try await Task.sleep(for: pause)
            } catch {
                Self.kill(id)
                throw error
            }
            pause = min(pause * 2, .milliseconds(10))
        }
    }

    static func kill(_ id: pid_t) {
        Glibc.kill(-id, SIGKILL)
        var status: Int32 = 0
        while waitpid(id, &status, 0) < 0, errno == EINTR {}
    }

    private static func ending(_ status: Int32) -> Ending {
        let signal = status & 0x7f
        return signal == 0 ? .status(UInt8(truncatingIfNeeded: status >> 8)) : .signal(signal)
    }

    private static func beginning(of output: Int32) -> String {
        var bytes = [UInt8](repeating: 0, count: 4096)
        let count = bytes.withUnsafeMutableBytes { pread(output, $0.baseAddress, $0.count, 0) }
        return String(decoding: bytes.prefix(max(0, count)), as: UTF8.self)
    }
}
