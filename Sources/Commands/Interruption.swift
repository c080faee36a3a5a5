// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import Dispatch
import Glibc

/// Turns the signals that ask a program to end into the cancellation of its work.
enum Interruption {
    /// Runs `work`; on SIGINT, SIGTERM or SIGHUP it is cancelled, on a second signal the process ends at once. What
    /// runs in sandboxes ends with the process either way.
    ///
    /// - Parameters:
    ///   - more: signals that are treated alike.
    ///   - forwards: whether somebody else was given the signal, which is then no interruption.
    /// - Throws: what `work` throws; ``Interrupted`` when a signal came.
    static func cancels<Result: Sendable>(
        besides more: [Int32] = [], unless forwards: @escaping @Sendable (Int32) -> Bool = { _ in false },
        _ work: @escaping @Sendable () async throws -> Result
    ) async throws -> Result {
        let task = Task { try await work() }
        let received = Received()
        let sources: [any DispatchSourceSignal] = ([SIGINT, SIGTERM, SIGHUP] + more).compactMap { number in
            // A signal that is ignored already, as nohup(1) does, stays so.
            var current = sigaction()
            sigaction(number, nil, &current)
            let handler = unsafeBitCast(current.__sigaction_handler.sa_handler, to: Int.self)
            if handler == 1 { return nil }
            signal(number, SIG_IGN)
            let source = DispatchSource.makeSignalSource(signal: number, queue: received.queue)
            source.setEventHandler {
                if forwards(number) { return }
                if received.note(number) { _exit(128 + number) }
                task.cancel()
            }
            source.activate()
            return source
        }
        defer { for source in sources { source.cancel() } }
        do {
            return try await withTaskCancellationHandler {
                try await task.value
            } onCancel: {
                task.cancel()
            }
        } catch {
            if let number = received.first { throw Interrupted(signal: number) }
            throw error
        }
    }

    /// The signal that came first.
    private final class Received: Sendable {
        let queue = DispatchQueue(label: "manifold.signals")
        private let number = Box()

        /// Returns whether one was noted before.
        func note(_ signal: Int32) -> Bool {
            if number.value != nil { return true }
            number.value = signal
            return false
        }

        var first: Int32? { queue.sync { number.value } }

        /// Only touched on the queue.
        private final class Box: @unchecked Sendable {
            var value: Int32?
        }
    }
}

/// The user or the system asked the program to end.
struct Interrupted: Error {
    let signal: Int32
}
