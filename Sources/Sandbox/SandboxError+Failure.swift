// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import Emulation
import SystemPackage

extension SandboxError {
    /// Puts the failure of an operation into words.
    init(_ failure: PlanFailure, of plan: SandboxPlan) {
        let error = Errno(rawValue: failure.error)
        guard plan.operations.indices.contains(failure.index) else {
            self = .start(error)
            return
        }
        let operation = plan.operations[failure.index]
        switch operation {
        case .changeDirectory(let path): self = .workingDirectory(path, error)
        case .execute(let candidates):
            self = Self.execution(failure, error, plan.arguments.first ?? candidates.first ?? "")
        default:
            self = .operation(operation.description, part: failure.part, error, hint: Self.hint(operation, error))
        }
    }

    private static func execution(_ failure: PlanFailure, _ error: Errno, _ program: String) -> SandboxError {
        switch error {
        case .noSuchFileOrDirectory where failure.part == .interpreter:
            .interpreterNotFound(program: program, interpreter: ProgramFile(failure.file)?.interpreter)
        case .noSuchFileOrDirectory, .notDirectory: .programNotFound(program)
        case .permissionDenied: .programNotExecutable(program)
        case .execFormatError: .wrongFormat(program: program, machine: ProgramFile(failure.file)?.machine)
        default: .operation("execution of \(program)", part: .whole, error, hint: nil)
        }
    }

    private static func hint(_ operation: Operation, _ error: Errno) -> String? {
        switch operation {
        case .fileSystem("proc", _, _, _) where error == .notPermitted:
            "manifold seems to run inside a container that hides parts of /proc; start that container with "
                + "--security-opt systempaths=unconfined, or run manifold outside of it"
        case .overlay where error == .notPermitted || error == .invalidArgument:
            "the kernel must be 5.11 or newer, and the store on a file system with user extended attributes and "
                + "d_type (ext4, xfs, btrfs, tmpfs), not itself an overlay"
        case .pivot where error == .invalidArgument:
            "the machine's root file system is its initial RAM disk, which cannot be left; boot from a real one"
        case .limit where error == .notPermitted:
            "no user but the machine's root may raise a hard limit (see ulimit -aH); lower it, or raise yours in "
                + "/etc/security/limits.conf"
        case .user, .group, .groups:
            error == .invalidArgument
                ? "the id is beyond those that the user has in /etc/subuid and /etc/subgid; add a larger range" : nil
        default: nil
        }
    }
}
