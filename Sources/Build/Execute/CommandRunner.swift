// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

public import Diagnosis
public import OCI
public import Sandbox
public import SystemPackage

/// A command of a RUN step with the file system that it changes.
public struct StepCommand: Sendable {
    /// The program and its arguments.
    public var arguments: [String]
    /// The whole environment.
    public var environment: [String]
    public var workingDirectory: String
    public var user: UserIdentity
    public var network: NetworkMode
    /// The platform that the command is made for.
    public var platform: Platform
    /// The directories that the command sees merged, lowest first.
    public var lower: [FilePath]
    /// The directory that takes what the command changes.
    public var upper: FilePath
    /// An empty directory on the same file system as ``upper``, for overlayfs.
    public var work: FilePath
    /// An empty directory for files of this run.
    public var scratch: FilePath
    /// Files that the command sees and that are no part of what it makes: path inside and content, executable.
    public var scripts: [InlineFile]
    /// What is mounted besides.
    public var mounts: [SandboxMount] = []
    public var hostname: String
    /// What the build asks of all its commands.
    public var settings = RunSettings()
    public var confinement = Confinement.container
    /// Whether the command can write to the file system that it sees.
    public var rootAccess = SandboxMount.Access.readWrite
    /// How the caller speaks with the command while it runs; nil when it does not.
    public var control: ProcessControl?
    /// A command that runs, beside which this one runs in the same sandbox, whose file system, network and name it has; nil for
    /// a sandbox of its own.
    public var beside: ProcessControl?
}

extension StepCommand {
    /// A command of root's with an empty environment and no network.
    public init(
        _ arguments: [String], for platform: Platform, lower: [FilePath], upper: FilePath, work: FilePath,
        scratch: FilePath
    ) {
        self.init(
            arguments: arguments, environment: [], workingDirectory: "/", user: .root, network: .none,
            platform: platform, lower: lower, upper: upper, work: work, scratch: scratch, scripts: [],
            hostname: "localhost")
    }
}

/// Who executes the commands of RUN steps.
public protocol CommandRunner: Sendable {
    /// Runs a command to its end.
    ///
    /// - Parameter output: is called with what the command prints, one call at a time.
    /// - Throws: when the command could not be started; `CancellationError`.
    func run(
        _ command: StepCommand, output: @escaping @Sendable (BuildEvent.OutputStream, [UInt8]) -> Void
    ) async throws -> ExitStatus

    /// How it runs the programs of a platform; nil when it does not know or tell.
    func execution(of platform: Platform) async -> RunExecution?
}

extension CommandRunner {
    public func execution(of platform: Platform) async -> RunExecution? { nil }

    /// Runs a command and looks into it when it fails.
    ///
    /// - Throws: as ``run(_:output:)``; ``UnstartedCommand`` when there is more to say of why it could not be started.
    func runExamined(
        _ command: StepCommand, output: @escaping @Sendable (BuildEvent.OutputStream, [UInt8]) -> Void
    ) async throws -> (status: ExitStatus, explanation: Explanation?) {
        let examination = FailureExamination(of: command)
        do {
            let status = try await run(command) { stream, bytes in
                examination.record(stream, bytes)
                output(stream, bytes)
            }
            guard !status.isSuccess else { return (status, nil) }
            let execution = await execution(of: command.platform)
            return (status, examination.explanation(of: status, execution))
        } catch let error as SandboxError {
            let execution = await execution(of: command.platform)
            guard let explanation = examination.explanation(of: error, execution) else { throw error }
            throw UnstartedCommand(error: error, explanation: explanation)
        }
    }
}

/// A command that could not be started, with what its files say of the reason.
public struct UnstartedCommand: Error, Sendable, CustomStringConvertible {
    public let error: SandboxError
    public let explanation: Explanation

    public var description: String { explanation.sentence }
}
