// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import Glibc
public import SystemPackage

/// Proves that programs of a target run, by running one.
///
/// The program's file is made for each run and removed after it. By ``Way/kernel`` it is executed like any other
/// program; which handler then takes it is the kernel's choice: in a user namespace with a ``PrivateBinfmt`` that has
/// registered anything, those of that one and no others, else those of the host. So what the host's own handlers do
/// is to be asked before the first private one is registered.
public struct EmulatorProbe: Sendable {
    /// How the program is started.
    public enum Way: Hashable, Sendable {
        /// By execve(2): by the processor itself, or by the handler that the kernel has for it.
        case kernel
        /// By this emulator, whatever handlers there are.
        case emulator(Emulator)
    }

    private let directory: FilePath
    private let timeLimit: Duration

    /// Writes programs to new directories in `directory`, whose file system must allow programs, and gives each
    /// `timeLimit` to end. Without a directory it is the first of the usual ones that does.
    public init(directory: FilePath? = nil, timeLimit: Duration = .seconds(20)) {
        self.directory =
            directory ?? ["/tmp", "/var/tmp", "/run", "/dev/shm"].first(where: Self.allowsPrograms) ?? "/tmp"
        self.timeLimit = timeLimit
    }

    /// Runs the probe of `target`.
    ///
    /// - Throws: `CancellationError`; everything else is a ``ProbeOutcome``.
    public func run(_ target: EmulatorTarget, by way: Way = .kernel) async throws -> ProbeOutcome {
        let expected = UInt8(truncatingIfNeeded: geteuid())
        return try await withProgram(of: target, failure: { $0 }) { file in
            let result = try await start(file, by: way)
            return outcome(result, expected: expected)
        }
    }

    /// Runs the probe of `target` as a set-user-id program of `owner`.
    ///
    /// For root of a user namespace with more than one id, or root of the machine; `owner` is to be another user, whose
    /// id differs from the caller's in the lowest eight bits.
    /// - Throws: `CancellationError`; everything else is a ``SetUserOutcome``.
    public func runSetUser(
        _ target: EmulatorTarget, owner: UInt32 = 1, by way: Way = .kernel
    ) async throws -> SetUserOutcome {
        try await withProgram(of: target, failure: { .failed($0) }) { file in
            guard chown(file.string, owner, gid_t.max) == 0, chmod(file.string, 0o4755) == 0 else {
                return .notGiven(Errno(rawValue: errno))
            }
            let result = try await start(file, by: way)
            if outcome(result, expected: UInt8(truncatingIfNeeded: owner)).works { return .works }
            let asCaller = outcome(result, expected: UInt8(truncatingIfNeeded: geteuid()))
            return asCaller.works ? .ignored : .failed(asCaller)
        }
    }

    private func start(_ file: FilePath, by way: Way) async throws -> ShortProcess.Result {
        let arguments =
            switch way {
            case .kernel: [file.string]
            case .emulator(let emulator): [emulator.path.string, file.string]
            }
        return try await ShortProcess(
            arguments: arguments, directory: file.removingLastComponent(), timeLimit: timeLimit
        ).run()
    }

    private func outcome(_ result: ShortProcess.Result, expected: UInt8) -> ProbeOutcome {
        switch result.ending {
        case .status(expected) where result.output == ProbeProgram.word: .works
        case .status(let status): .wrong(output: result.output, status: status)
        case .signal(let signal): .killed(signal: signal, output: result.output)
        case .timeOver: .timedOut(timeLimit)
        case .notStarted(let error): .notStarted(error)
        }
    }

    /// Calls `body` with the program's file, which goes away afterwards.
    func withProgram<Outcome>(
        of target: EmulatorTarget, failure: (ProbeOutcome) -> Outcome, _ body: (FilePath) async throws -> Outcome
    ) async throws -> Outcome {
        guard let program = ProbeProgram(for: target) else { return failure(.noProbe) }
        var template = Array(directory.appending("manifold-probe-XXXXXX").string.utf8CString)
        guard mkdtemp(&template) != nil else { return failure(.notWritten(directory, Errno(rawValue: errno))) }
        let own = FilePath(String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self))
        defer { Self.remove(own) }
        // Set-user-id programs are tried as who started them as well.
        chmod(own.string, 0o755)
        let file = own.appending("probe-\(program.target)")
        do {
            let descriptor = try FileDescriptor.open(
                file, .writeOnly, options: [.create, .exclusiveCreate, .closeOnExec],
                permissions: [.ownerReadWriteExecute, .groupReadExecute, .otherReadExecute])
            try descriptor.closeAfter { _ = try descriptor.writeAll(program.bytes) }
            // Whatever the umask.
            guard chmod(file.string, 0o755) == 0 else { throw Errno(rawValue: errno) }
        } catch {
            return failure(.notWritten(file, error as? Errno ?? .ioError))
        }
        return try await body(file)
    }

    private static func allowsPrograms(_ directory: FilePath) -> Bool {
        var status = statvfs()
        let noExecution: UInt = 8  // ST_NOEXEC of statvfs(3)
        return statvfs(directory.string, &status) == 0 && status.f_flag & noExecution == 0
            && access(directory.string, W_OK) == 0
    }

    /// Removes the directory and what is in it, such as an emulator's core file.
    private static func remove(_ directory: FilePath) {
        for name in HostFile.names(in: directory) { unlink(directory.appending(name).string) }
        rmdir(directory.string)
    }
}
