// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import SystemPackage

/// Runs processes, each in namespaces and a root file system of its own, with the rights that Docker gives.
///
/// The calling process must be root of a user namespace of its own (`mf_enter_user_namespace`). Any number of runs may
/// go on at once.
public struct Sandbox: Sendable {
    private let kernel: any SandboxKernel
    private let host: HostFacts

    /// A sandbox on `kernel`; a double shows what would be done.
    public init(kernel: any SandboxKernel = LinuxSandboxKernel(), host: HostFacts = .current()) {
        self.kernel = kernel
        self.host = host
    }

    /// Runs one process to its end.
    ///
    /// `output` is called with what the process writes, one call at a time. When the program ends, everything that
    /// it left running is killed. When the task is cancelled, or this program dies, all is killed at once. Standard
    /// input is empty unless the spec's control has one. What the image lacks of mount points does not appear in the upper directory.
    /// - Throws: ``SandboxError`` when the program could not be started, `CancellationError` when cancelled.
    public func run(
        _ spec: SandboxSpec, output: @escaping @Sendable (OutputStream, [UInt8]) -> Void
    ) async throws -> ExitStatus {
        try Self.check(spec)
        let directories = RunDirectories(scratch: spec.scratch)
        if case .running = spec.root {} else { try directories.make(for: spec.mounts) }
        var setting = SandboxPlan.Setting(host: host, directories: directories)
        var maker = MountPointMaker()
        defer { maker.takeAway() }
        if case .directory(let directory) = spec.root { try maker.make(Self.mountPoints(spec), in: directory) }

        let filter = try SeccompFilter.containerDefault()
        while true {
            if case .overlay(_, _, let work) = spec.root { RunDirectories.unmark(work: work) }
            let plan = SandboxPlan.compile(spec, setting, filter: filter)
            switch try await kernel.execute(plan, output: output) {
            case .ended(let status): return status
            case .lost: throw SandboxError.killed
            case .failed(let failure):
                guard try Self.mend(&setting, after: failure, of: plan, spec) else {
                    throw SandboxError(failure, of: plan)
                }
            }
        }
    }

    /// The plan of a run without running it.
    public func plan(_ spec: SandboxSpec) throws(SandboxError) -> SandboxPlan {
        try Self.check(spec)
        let setting = SandboxPlan.Setting(host: host, directories: RunDirectories(scratch: spec.scratch))
        return SandboxPlan.compile(spec, setting, filter: try SeccompFilter.containerDefault())
    }

    /// Whether another way around `failure` is known that has not been tried; the program has not run yet.
    private static func mend(
        _ setting: inout SandboxPlan.Setting, after failure: PlanFailure, of plan: SandboxPlan, _ spec: SandboxSpec
    ) throws(SandboxError) -> Bool {
        guard plan.operations.indices.contains(failure.index) else { return false }
        switch plan.operations[failure.index] {
        case .fileSystem("sysfs", _, _, _) where !setting.usesHostSys:
            setting.usesHostSys = true
            return true
        case .attach, .bind:
            guard failure.part == .target, Errno(rawValue: failure.error) == .noSuchFileOrDirectory,
                !setting.hasTopStubs, case .overlay(let lower, let upper, _) = spec.root
            else { return false }
            let view = try RootView(topmostFirst: [upper] + lower.reversed() + [setting.directories.stubs])
            try MountPointMaker.fill(setting.directories.topStubs, under: mountPoints(spec), of: view)
            setting.hasTopStubs = true
            return true
        default: return false
        }
    }

    private static func mountPoints(_ spec: SandboxSpec) -> [(path: String, isDirectory: Bool)] {
        ["/proc", "/sys", "/dev"].map { ($0, true) } + spec.mounts.map { ($0.target, $0.isDirectory) }
    }

    private static func check(_ spec: SandboxSpec) throws(SandboxError) {
        guard let program = spec.arguments.first, !program.isEmpty else { throw .noProgram }
        if case .overlay(let lower, _, _) = spec.root, lower.count > RootFileSystem.maximumLowers {
            throw .tooManyLayers(lower.count)
        }
        let texts =
            spec.arguments + spec.environment + spec.mounts.map(\.target) + [spec.workingDirectory, spec.hostname]
        if let text = texts.first(where: { $0.utf8.contains(0) }) { throw .embeddedNul(text) }
    }
}
