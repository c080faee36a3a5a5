// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

public import Diagnosis
public import OCI
public import Sandbox

/// One command to run in a finished image, as `docker run` has it: what is not said is as the image has it.
public struct ImageCommand: Sendable {
    /// The arguments, instead of the image's CMD.
    public var arguments: [String]?
    /// Instead of the image's ENTRYPOINT; the image's CMD goes with the one that it has.
    public var entrypoint: [String]?
    /// Variables besides the image's, as `NAME=value`.
    public var environment: [String] = []
    public var workingDirectory: String?
    /// `user[:group]`, by names or numbers.
    public var user: String?
    public var network = NetworkMode.none
    public var hostname = "localhost"
    public var mounts: [SandboxMount] = []
    public var settings = RunSettings()
    /// Whether the command can write to the image's files, in what of it is thrown away.
    public var rootAccess = SandboxMount.Access.readWrite
    /// How the caller speaks with the command while it runs; nil when it does not.
    public var control: ProcessControl?
    /// TERM of a command that has a terminal, unless the image or the environment says otherwise.
    public var terminalType: String?
    /// After this time everything that runs is killed.
    public var timeLimit: Duration?

    public init() {}

    /// The words of the command in an image.
    ///
    /// - Throws: ``RunError/noCommand(_:)``.
    public func words(in image: RunnableImage) throws(RunError) -> [String] {
        let config = image.config.config
        let command = arguments ?? (entrypoint == nil ? config?.cmd : nil) ?? []
        let words = (entrypoint ?? config?.entrypoint ?? []) + command
        guard !words.isEmpty else { throw .noCommand(title: image.title) }
        return words
    }
}

/// How a command in an image ended.
public struct ImageRunReport: Sendable, Hashable {
    public enum End: Sendable, Hashable {
        /// By itself.
        case ended(ExitStatus)
        /// It ran still when its time was over, or when what went on beside it was done.
        case timeOver
    }

    public let end: End
    /// From the start of the process to its end; what was to be unpacked before does not count.
    public let duration: Duration
    /// Why it failed, when it did and that can be told.
    public let explanation: Explanation?
}

/// Why a command cannot be run in an image.
public enum RunError: Error, Hashable, Sendable {
    /// Neither the image nor the user says what to run.
    case noCommand(title: String)
    /// The command is a program for another machine than the image's platform says.
    case otherMachine(program: String, machine: String, platform: Platform)
}

extension RunError: CustomStringConvertible {
    public var description: String {
        switch self {
        case .noCommand(let title): "\(title) has neither ENTRYPOINT nor CMD"
        case .otherMachine(let program, let machine, let platform):
            "\(program) is a program for \(machine), and the image says that it is for \(platform)"
        }
    }

    /// What to do about it.
    public var remedy: String? {
        switch self {
        case .noCommand: "say what to run"
        case .otherMachine: "build the image for its platform; on its machines this ends with \"exec format error\""
        }
    }
}
