// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import Diagnosis
public import Emulation
import OCI

/// How a runner runs the programs of a platform, for whoever explains a failure.
public struct RunExecution: Sendable {
    public let mode: ExecutionMode
    /// Whether the handlers are the host's own, since this kernel gives a user namespace none.
    public let usesHostHandlers: Bool

    public init(mode: ExecutionMode, usesHostHandlers: Bool) {
        self.mode = mode
        self.usesHostHandlers = usesHostHandlers
    }

    /// - Parameter command: what was run; `QEMU_CPU` in its environment is what QEMU goes by.
    func evidence(of command: StepCommand) -> FailureEvidence.Execution {
        guard case .emulated(let emulator) = mode else { return .native }
        let environment = command.environment + mode.environment(for: command.platform)
        let processor = environment.last { $0.hasPrefix("QEMU_CPU=") }.map { String($0.dropFirst(9)) }
        let handler = usesHostHandlers ? HostHandlers.current().first { $0.runs(emulator.target) } : nil
        return .emulated(
            FailureEvidence.Emulation(
                target: emulator.target.target, version: emulator.file?.version?.number, processor: processor,
                keepsCredentials: handler?.flags.contains("C") ?? true))
    }
}
