// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import Diagnosis
import OCI
import Sandbox
import Synchronization

/// Watches a command while another runs it: tells when it prints nothing for long, and ends it when its time is over.
struct StepWatch: CommandRunner {
    let runner: any CommandRunner
    /// How long the command may run; nil for any time.
    let limit: Duration?
    /// After how long a silence is told of; nil for never.
    let heartbeat: Duration?
    let tell: @Sendable (StepSilence) -> Void

    /// However long a command is silent, it is told of as often as this: some CI systems end what prints nothing for ten
    /// minutes.
    private static let longestDistance = Duration.seconds(300)

    /// - Throws: ``TimeOut`` when every process of the command has been killed; what the runner throws.
    func run(
        _ command: StepCommand, output: @escaping @Sendable (BuildEvent.OutputStream, [UInt8]) -> Void
    ) async throws -> ExitStatus {
        var watched = command
        let control = command.control ?? ProcessControl()
        watched.control = control
        let (command, pulse) = (watched, Pulse())
        return try await within(limit, or: { TimeOut(of: limit ?? .zero, running: control.processes.words) }) {
            try await withThrowingTaskGroup(of: ExitStatus?.self) { group in
                group.addTask {
                    try await runner.run(command) { stream, bytes in
                        pulse.beat()
                        output(stream, bytes)
                    }
                }
                if let heartbeat {
                    group.addTask {
                        try await listen(to: pulse, every: heartbeat, control)
                        return nil
                    }
                }
                defer { group.cancelAll() }
                while let status = try await group.next() { if let status { return status } }
                throw CancellationError()
            }
        }
    }

    func execution(of platform: Platform) async -> RunExecution? { await runner.execution(of: platform) }

    /// Tells of silences until it is cancelled.
    private func listen(to pulse: Pulse, every heartbeat: Duration, _ control: ProcessControl) async throws {
        var last = pulse.last
        var used = Duration.zero
        var (distance, patience) = (heartbeat, heartbeat)
        while true {
            try await Task.sleep(until: last + patience, clock: .continuous)
            let processes = control.processes
            let before = used
            used = processes.processorTime
            let now = pulse.last
            guard now == last else {
                (last, distance, patience) = (now, heartbeat, heartbeat)
                continue
            }
            tell(
                StepSilence(duration: last.duration(to: .now), used: max(.zero, used - before), processes: processes))
            distance = min(distance * 2, max(heartbeat, Self.longestDistance))
            patience += distance
        }
    }

    /// When the command printed last.
    private final class Pulse: Sendable {
        private let time = Mutex(ContinuousClock.now)
        var last: ContinuousClock.Instant { time.withLock { $0 } }
        func beat() { time.withLock { $0 = .now } }
    }
}
