// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

public import SystemPackage

/// Why a sandbox could not run its process.
public enum SandboxError: Error, Hashable, Sendable {
    /// An operation of the plan failed: what it was, which part of it, and the kernel's answer.
    case operation(String, part: PlanFailure.Part, Errno, hint: String?)
    /// Something before the start failed.
    case preparation(String, Errno)
    /// No process could be started.
    case start(Errno)
    /// The working directory is not there or cannot be entered.
    case workingDirectory(String, Errno)
    /// No program was named.
    case noProgram
    /// The program is not in the root file system, or not in its `PATH`.
    case programNotFound(String)
    /// The program is there; the interpreter or loader that it names is not.
    case interpreterNotFound(program: String, interpreter: String?)
    /// The program may not be executed by this user.
    case programNotExecutable(String)
    /// The program is for a machine that this one cannot run, or is no program.
    case wrongFormat(program: String, machine: String?)
    /// The process that another one shall stand beside does not run.
    case notRunning
    /// More layers than an overlay can have.
    case tooManyLayers(Int)
    /// The processes were killed from outside.
    case killed
    /// A user that the image does not know.
    case unknownUser(String)
    /// A group that the image does not know.
    case unknownGroup(String)
    /// A file of the root file system that is not a regular file, or too long.
    case unreadable(String, reason: String)
    /// Text with a NUL byte, which no program can be given.
    case embeddedNul(String)
}

extension SandboxError: CustomStringConvertible {
    /// What failed, in one sentence.
    public var description: String {
        switch self {
        case .operation(let what, let part, let error, _):
            "\(what) failed\(Self.words(part)): \(error)"
        case .preparation(let what, let error): "\(what) failed: \(error)"
        case .start(let error): "a process in namespaces of its own could not be started: \(error)"
        case .workingDirectory(let path, let error): "working directory \(path) cannot be entered: \(error)"
        case .noProgram: "there is no program to run"
        case .programNotFound(let program): "program \(program) not found in the image"
        case .interpreterNotFound(let program, let interpreter?):
            "program \(program) is there, but its interpreter \(interpreter) is not in the image"
        case .interpreterNotFound(let program, nil):
            "program \(program) is there, but the interpreter or loader that it names is not in the image"
        case .programNotExecutable(let program): "program \(program) may not be executed: permission denied"
        case .wrongFormat(let program, let machine?):
            "exec format error: \(program) is a program for \(machine), which neither this machine nor an emulator runs"
        case .wrongFormat(let program, nil): "exec format error: \(program) is not a program"
        case .notRunning: "what it shall run beside does not run"
        case .tooManyLayers(let count):
            "\(count) layers are more than the \(RootFileSystem.maximumLowers) that one file system can have"
        case .killed: "the process and everything that it had started were killed from outside"
        case .unknownUser(let name): "the image's /etc/passwd has no user \"\(name)\""
        case .unknownGroup(let name): "the image's /etc/group has no group \"\(name)\""
        case .unreadable(let path, let reason): "\(path) of the image cannot be read: \(reason)"
        case .embeddedNul(let text): "\(text.debugDescription) has a NUL byte"
        }
    }

    /// What to do about it, where something is known to help.
    public var remedy: String? {
        switch self {
        case .operation(_, _, _, let hint): hint
        case .start(.permissionDenied), .start(.notPermitted):
            "this program must run in a user namespace of its own; a surrounding container may forbid that"
        case .start(.noSpace): "too many namespaces: sudo sysctl user.max_pid_namespaces=65536"
        case .workingDirectory: "make it in an earlier step, as WORKDIR does"
        case .interpreterNotFound(_, let interpreter?) where interpreter.hasSuffix("\r"):
            "the script has Windows line ends; convert it with dos2unix"
        case .wrongFormat(_, .some): "see that the image is of the platform that is being built"
        case .wrongFormat(_, nil): "if it is a script, its first line must be #! and an interpreter"
        case .killed: "see in the kernel's log (dmesg) whether memory ran out"
        case .unknownUser(let name), .unknownGroup(let name):
            "add \(name) in an earlier step, or use its number"
        default: nil
        }
    }

    private static func words(_ part: PlanFailure.Part) -> String {
        switch part {
        case .whole, .mount, .interpreter: ""
        case .source: ", its source cannot be opened"
        case .target: ", its target cannot be opened"
        case .options: ", the file system refused an option"
        case .attributes: ", its attributes cannot be set"
        case .place: ", it cannot be put in its place"
        }
    }
}
