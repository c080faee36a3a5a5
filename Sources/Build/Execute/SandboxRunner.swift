// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

public import Emulation
import Glibc
public import OCI
public import Sandbox
import Store
import SystemPackage

/// Runs commands on this machine: each in a sandbox of its own, those of foreign platforms under an emulator.
public struct SandboxRunner: CommandRunner {
    private let sandbox: Sandbox
    private let finder: EmulatorFinder
    private let handlers: PrivateBinfmt
    private let host: Platform

    /// - Parameter handlers: must live as long as commands run.
    public init(
        sandbox: Sandbox = Sandbox(), finder: EmulatorFinder, handlers: PrivateBinfmt = PrivateBinfmt(),
        host: Platform = .host
    ) {
        self.sandbox = sandbox
        self.finder = finder
        self.handlers = handlers
        self.host = host
    }

    public func execution(of platform: Platform) async -> RunExecution? {
        guard let mode = try? ExecutionMode(for: platform, host: host, finder: finder) else { return nil }
        return RunExecution(mode: mode, usesHostHandlers: await handlers.areOfHost)
    }

    public func run(
        _ command: StepCommand, output: @escaping @Sendable (BuildEvent.OutputStream, [UInt8]) -> Void
    ) async throws -> ExitStatus {
        let mode = try ExecutionMode(for: command.platform, host: host, finder: finder)
        if case .emulated(let emulator) = mode { try await handlers.register(emulator, for: command.platform) }

        var spec = try command.beside.map { Self.spec(of: command, beside: $0) } ?? Self.spec(of: command)
        spec.environment += mode.environment(for: command.platform)
        if mode == .native(.thirtyTwoBit) { spec.personality = .linux32 }
        spec.control = command.control
        return try await sandbox.run(spec) { stream, bytes in
            output(stream == .standardOutput ? .stdout : .stderr, bytes)
        }
    }

    private static func spec(of command: StepCommand, beside other: ProcessControl) -> SandboxSpec {
        SandboxSpec(
            root: .running(other), arguments: command.arguments, environment: command.environment,
            workingDirectory: command.workingDirectory, user: command.user, hostname: command.hostname,
            network: command.network, limits: command.settings.limits, scratch: command.scratch)
    }

    private static func spec(of command: StepCommand) throws -> SandboxSpec {
        let networkFiles = command.scratch.appending("network")
        try Files.makeDirectories(networkFiles)
        var mounts = try NetworkFiles.mounts(
            in: networkFiles, network: command.network, hostname: command.hostname, entries: command.settings.hosts)
        for (number, script) in command.scripts.enumerated() {
            let path = command.scratch.appending("script-\(number)")
            try Files.write(Array(script.content.utf8), to: path, mode: 0o755)
            // Others than root run it, too, whatever the umask.
            guard chmod(path.string, 0o755) == 0 else {
                throw StoreError.file(operation: "prepare", path: path, errno: Errno(rawValue: errno))
            }
            mounts.append(SandboxMount(.file(path, .readOnly), at: script.name))
        }
        mounts += command.mounts
        let run = command.scratch.appending("run")
        try Files.makeDirectories(run)
        var spec = SandboxSpec(
            root: .overlay(lower: command.lower, upper: command.upper, work: command.work),
            arguments: command.arguments, environment: command.environment,
            workingDirectory: command.workingDirectory, user: command.user, hostname: command.hostname,
            network: command.network, mounts: mounts, limits: command.settings.limits, scratch: run)
        spec.sharedMemory = command.settings.sharedMemory ?? spec.sharedMemory
        spec.confinement = command.confinement
        spec.rootAccess = command.rootAccess
        return spec
    }
}
