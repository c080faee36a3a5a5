// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import Diagnosis
public import Emulation
import OCI
import Subprocess

/// How a runner runs the programs of a platform, for whoever explains a failure.
public struct RunExecution: Sendable {
    public let mode: ExecutionMode
    /// Whether the handlers are the host's own, since this kernel gives a user namespace none.
    public let usesHostHandlers: Bool

    public init(mode: ExecutionMode, usesHostHandlers: Bool) {
        self.mode = mode
        self.usesHostHandlers = usesHostHandlers
    }

    /// - Parameter environment: the command's; `QEMU_CPU` in it is what QEMU goes by.
    func evidence(environment: [String]) async -> FailureEvidence.Execution {
        guard case .emulated(let emulator) = mode else { return .native }
        let processor = environment.last { $0.hasPrefix("QEMU_CPU=") }.map { String($0.dropFirst(9)) }
        let handler = usesHostHandlers ? HostHandlers.current().first { $0.runs(emulator.target) } : nil
        return .emulated(
            FailureEvidence.Emulation(
                target: emulator.target.target, version: await Self.version(of: emulator), processor: processor,
                keepsCredentials: handler?.flags.contains("C") ?? true))
    }

    /// What the emulator says of itself: `qemu-aarch64 version 7.2.22 (…)`.
    public static func version(of emulator: Emulator) async -> String? {
        let result = try? await Subprocess.run(
            .path(emulator.path), arguments: ["--version"], output: .string(limit: 4096), error: .discarded)
        let words = result?.standardOutput.split(whereSeparator: \.isWhitespace) ?? []
        guard let place = words.firstIndex(of: "version"), place + 1 < words.count else { return nil }
        return String(words[place + 1])
    }
}
