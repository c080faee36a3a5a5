// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

/// Who carries out a plan: the kernel, or a double that keeps it.
public protocol SandboxKernel: Sendable {
    /// Carries out `plan` and says how it ended.
    ///
    /// `output` is called with what the process writes, in order for each stream, and not after the return. When the
    /// task is cancelled every process of the plan is killed before this throws `CancellationError`.
    func execute(
        _ plan: SandboxPlan, output: @escaping @Sendable (OutputStream, [UInt8]) -> Void
    ) async throws -> PlanOutcome
}

/// How a plan ended.
public enum PlanOutcome: Hashable, Sendable {
    /// The program ran and ended.
    case ended(ExitStatus)
    /// An operation failed and the program never ran.
    case failed(PlanFailure)
    /// Everything was killed from outside, as by the kernel when memory ran out.
    case lost
}

/// An operation that failed.
public struct PlanFailure: Hashable, Sendable {
    /// Which parts an operation has.
    public enum Part: Int32, Hashable, Sendable {
        /// In the order of `enum mf_detail`.
        case whole, source, target, options, mount, attributes, place, interpreter
    }

    /// The operation's place in the plan.
    public var index: Int
    /// The errno.
    public var error: Int32
    /// Which part of the operation failed.
    public var part: Part
    /// The beginning of the file that was to be executed.
    public var file: [UInt8]

    /// States a failure, as a double does.
    public init(index: Int, error: Int32, part: Part, file: [UInt8] = []) {
        self.index = index
        self.error = error
        self.part = part
        self.file = file
    }
}
