// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

public import Sandbox

/// What is known of a command that has printed nothing for a while.
public struct StepSilence: Sendable, Hashable {
    /// How long nothing was printed.
    public let duration: Duration
    /// The processor time that was used since it was looked at before.
    public let used: Duration
    public let processes: ProcessTree

    public init(duration: Duration, used: Duration, processes: ProcessTree) {
        self.duration = duration
        self.used = used
        self.processes = processes
    }

    /// What to think of it; nil when something is at work.
    public var hint: String? { used < Self.idle ? Self.idleHint : nil }

    /// To start a process takes a few hundredths of a second, whatever it waits for then.
    private static let idle = Duration.milliseconds(50)

    /// What to think of a command whose processes do as good as nothing.
    public static let idleHint =
        "the processor was hardly used: it may hang, or wait for the network or a lock; --timeout ends such a step"
}

extension ProcessTree {
    /// The processes in one line: `make -j4, cc1plus -quiet a.cc (59s)`.
    package var words: String {
        let shown = processes.prefix(8).map { process in
            let seconds = Int64(process.processorTime / .seconds(1))
            return String(process.command.prefix(60)) + (seconds > 0 ? " (\(seconds)s)" : "")
        }
        let rest = processes.count - shown.count
        return shown.joined(separator: ", ") + (rest > 0 ? " and \(rest) more" : "")
    }
}
