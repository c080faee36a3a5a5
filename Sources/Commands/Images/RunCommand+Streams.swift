// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import Build
import Dispatch
import Glibc
import Sandbox
import Store
import Synchronization
import SystemPackage

/// Hands what a command prints to this process's own outputs as it comes.
final class RunOutput: Sendable {
    private let control: ProcessControl
    private let closed = Mutex<Set<Int32>>([])

    init(control: ProcessControl) {
        self.control = control
    }

    func write(_ bytes: [UInt8], to stream: BuildEvent.OutputStream) {
        let descriptor = stream == .stdout ? STDOUT_FILENO : STDERR_FILENO
        guard !closed.withLock({ $0.contains(descriptor) }) else { return }
        do { try Files.writeAll(bytes, to: descriptor, path: "output") } catch {
            // Nobody reads any more: the command hears of it as if it had written there itself.
            closed.withLock { _ = $0.insert(descriptor) }
            control.send(SIGPIPE)
        }
    }
}

/// Copies standard input to a pipe, in a thread of its own that ends with the process.
///
/// The command is not given the file itself: by /proc/self/fd it could open it again, and then write to it.
enum RunInput {
    /// - Returns: the end that is read.
    /// - Throws: `Errno`.
    static func start() throws -> FileDescriptor {
        let (input, output) = try FileDescriptor.pipe()
        for descriptor in [input, output] { _ = fcntl(descriptor.rawValue, F_SETFD, FD_CLOEXEC) }
        copy(to: output.rawValue)
        return input
    }

    /// Copies to a descriptor that may be non-blocking, and closes it at the end of the input.
    static func copy(to end: Int32) {
        DispatchQueue(label: "manifold.input").async {
            var buffer = [UInt8](repeating: 0, count: 65536)
            while true {
                let count = read(STDIN_FILENO, &buffer, buffer.count)
                if count < 0, errno == EINTR { continue }
                if count < 0, errno == EAGAIN {
                    var wait = pollfd(fd: STDIN_FILENO, events: Int16(POLLIN), revents: 0)
                    _ = poll(&wait, 1, -1)
                    continue
                }
                guard count > 0, (try? Files.writeAll(Array(buffer[..<count]), to: end, path: "input")) != nil
                else { break }
            }
            close(end)
        }
    }
}
