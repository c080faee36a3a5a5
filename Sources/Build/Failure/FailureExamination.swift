// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import Audit
import Diagnosis
import Dockerfile
import Emulation
import Host
import Layers
import OCI
import Sandbox
import SystemPackage

/// Looks at what a command that failed has left, for as long as its place is there.
struct FailureExamination: Sendable {
    private let command: StepCommand
    private let host: Platform
    private let output = RecentOutput()
    private let killsBefore: UInt64

    /// Begins to watch a command that is going to run.
    init(of command: StepCommand, host: Platform = .host) {
        self.command = command
        self.host = host
        killsBefore = Self.memoryKills()
    }

    /// Takes in what the command prints.
    func record(_ stream: BuildEvent.OutputStream, _ bytes: [UInt8]) { output.append(bytes, to: stream) }

    /// Why the command ended as it did, when that can be told.
    func explanation(of status: ExitStatus, _ execution: RunExecution?) -> Explanation? {
        Explanation(evidence(status: status, failure: nil, execution))
    }

    /// Why the command could not be started, when there is more to say than the error does.
    func explanation(of failure: SandboxError, _ execution: RunExecution?) -> Explanation? {
        Explanation(evidence(status: nil, failure: failure, execution))
    }

    private func evidence(
        status: ExitStatus?, failure: SandboxError?, _ execution: RunExecution?
    ) -> FailureEvidence {
        var evidence = FailureEvidence(
            status: status, failure: failure, output: output.lines, platform: command.platform,
            execution: .native, host: host)
        if let execution { evidence.execution = execution.evidence(of: command) }
        let names = Symptom.all(in: evidence.output).flatMap(\.programs) + command.arguments.prefix(1)
        evidence.programs = programs(names)
        let kills = Self.memoryKills()
        evidence.memoryKills = kills > killsBefore ? kills - killsBefore : 0
        evidence.disk = Self.disk(command.upper)
        evidence.mappedIDs = Self.mappedIDs()
        return evidence
    }

    // MARK: - Files

    private func programs(_ names: [String]) -> [String: ProgramFacts] {
        guard let view = try? RootView(layers: command.lower + [command.upper]) else { return [:] }
        var found: [String: ProgramFacts] = [:]
        // What is named last is nearest to the end.
        for name in names.reversed() where found[name] == nil && found.count < 32 {
            for path in places(of: name) {
                guard var facts = ProgramFacts(path: path, read: { view.bytes(of: $0, at: $1, count: $2) }) else {
                    continue
                }
                facts.isExecutable = view.isExecutable(path)
                found[name] = facts
                break
            }
        }
        return found
    }

    /// Where a program of that name may be, as execvp(3) looks for it.
    private func places(of name: String) -> [String] {
        if name.contains("/") { return [Paths.resolve(name, against: command.workingDirectory)] }
        let path = command.environment.last { $0.hasPrefix("PATH=") }?.dropFirst(5) ?? ""
        return path.split(separator: ":").prefix(32).map {
            Paths.resolve(name, against: Paths.resolve(String($0), against: command.workingDirectory))
        }
    }

    // MARK: - The machine

    /// The processes that the kernel killed for want of memory since it started (/proc/vmstat, Linux 4.13).
    private static func memoryKills() -> UInt64 {
        guard let text = SystemFile.text("/proc/vmstat") else { return 0 }
        let line = text.split(separator: "\n").first { $0.hasPrefix("oom_kill ") }
        return line?.split(separator: " ").last.flatMap { UInt64($0) } ?? 0
    }

    private static func disk(_ path: FilePath) -> FailureEvidence.Disk? {
        FileSystem(of: path).map {
            FailureEvidence.Disk(
                path: $0.mountPoint.string, freeBytes: $0.freeBytes, freeInodes: $0.freeInodes, type: $0.type)
        }
    }

    private static func mappedIDs() -> UInt64? {
        guard let text = SystemFile.text("/proc/self/uid_map") else { return nil }
        return text.split(separator: "\n").reduce(0) { sum, line in
            sum &+ (line.split(separator: " ").last.flatMap { UInt64($0) } ?? 0)
        }
    }
}
