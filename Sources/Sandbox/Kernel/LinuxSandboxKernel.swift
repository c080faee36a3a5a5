// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import CSandbox
import Glibc
import SystemPackage

/// The kernel of this machine. To be used inside a user namespace of one's own, where this process is root.
public struct LinuxSandboxKernel: SandboxKernel {
    /// Makes the one there is.
    public init() {}

    public func execute(
        _ plan: SandboxPlan, output: @escaping @Sendable (OutputStream, [UInt8]) -> Void
    ) async throws -> PlanOutcome {
        try Task.checkCancellation()
        let process = try RunningSandbox(plan, output: output)
        let outcome = await withTaskCancellationHandler {
            await process.end()
        } onCancel: {
            process.kill()
        }
        // A run that had ended by itself before the cancellation reached it is reported as what it is.
        if outcome == .lost { try Task.checkCancellation() }
        return outcome
    }
}
