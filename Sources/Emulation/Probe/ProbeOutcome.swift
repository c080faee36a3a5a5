// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

public import SystemPackage

/// What became of a probe.
public enum ProbeOutcome: Hashable, Sendable {
    /// It ran as it should.
    case works
    /// It ended by itself, but wrote something else or had another status: the beginning of what it wrote, and the status.
    case wrong(output: String, status: UInt8)
    /// The kernel did not start it. ENOEXEC: nothing takes such programs; ENOENT: a handler does, but its emulator is
    /// not there; EACCES: the file system of the probe's directory has no programs (`noexec`).
    case notStarted(Errno)
    /// It was ended by a signal; the output is mostly the emulator's last words.
    case killed(signal: Int32, output: String)
    /// It did not end in the time that it had.
    case timedOut(Duration)
    /// Its file could not be written.
    case notWritten(FilePath, Errno)
    /// The target has no probe.
    case noProbe

    /// Whether the probe ran as it should.
    public var works: Bool { self == .works }
}

extension ProbeOutcome: CustomStringConvertible {
    /// In words, to follow "the probe".
    public var description: String {
        switch self {
        case .works: return "ran"
        case .wrong(let output, let status):
            return "ended with status \(status) and wrote \(Self.quoted(output))"
        case .notStarted(.execFormatError): return "was not started: nothing on this machine takes such programs"
        case .notStarted(.noSuchFileOrDirectory):
            return "was not started: a handler takes such programs, but its emulator is not there"
        case .notStarted(.permissionDenied):
            return "was not started: its directory allows no programs (noexec)"
        case .notStarted(let error): return "was not started: \(error)"
        case .killed(let signal, let output):
            return "was ended by signal \(signal)" + (output.isEmpty ? "" : " and wrote \(Self.quoted(output))")
        case .timedOut(let limit): return "did not end in \(limit.components.seconds) seconds"
        case .notWritten(let path, let error): return "could not be written to \(path): \(error)"
        case .noProbe: return "does not exist for this target"
        }
    }

    private static func quoted(_ output: String) -> String {
        let line = output.split(whereSeparator: \.isNewline).first.map { String($0.prefix(200)) } ?? ""
        return line.isEmpty ? "nothing" : "\"\(line)\""
    }
}

/// Whether the set-user-id bit of a target's programs has its effect.
public enum SetUserOutcome: Hashable, Sendable {
    /// The program ran as its file's owner.
    case works
    /// It ran as who started it: the handler lacks flag C, or the file system has no set-user-id programs (`nosuid`).
    case ignored
    /// The file could not be given to another user.
    case notGiven(Errno)
    /// The program did not run at all.
    case failed(ProbeOutcome)
}
