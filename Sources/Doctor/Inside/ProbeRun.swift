// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import Build
import Emulation
import Glibc
import OCI
import Sandbox
import Store
import Synchronization
import SystemPackage

/// Runs the smallest program of a platform as a RUN step would run it: an overlay on the store's file system, namespaces,
/// mounts, seccomp filter, and the emulator.
struct ProbeRun: Sendable {
    let place: ProofPlace
    let runner: SandboxRunner

    /// How it ended.
    enum Outcome: Sendable {
        case works
        /// It ran as who started it, though its file is set-uid.
        case setUserIDIgnored
        case failed(String, remedy: String?)
        case noProbe
    }

    /// Runs the plain program.
    func plain(_ platform: Platform) async -> Outcome { await run(platform, owner: 0) }

    /// Runs it as a set-uid program of another user than root.
    func setUserID(_ platform: Platform) async -> Outcome { await run(platform, owner: 1) }

    private func run(_ platform: Platform, owner: UInt32) async -> Outcome {
        guard let target = EmulatorTable.target(for: platform), let program = ProbeProgram(for: target) else {
            return .noProbe
        }
        do {
            let directory = FilePath("\(target.target)-\(platform.variant ?? "")-\(owner)")
            func make(_ name: String) throws -> FilePath { try place.directory(directory.appending(name).string) }
            let lower = try make("lower")
            let file = lower.appending("probe")
            try Files.write(program.bytes, to: file, mode: 0o755)
            guard chown(file.string, owner, owner) == 0, chmod(file.string, owner == 0 ? 0o755 : 0o4755) == 0 else {
                throw Errno(rawValue: errno)
            }
            let output = Mutex<[UInt8]>([])
            let command = StepCommand(
                ["/probe"], for: platform, lower: [lower], upper: try make("upper"), work: try make("work"),
                scratch: try make("scratch"))
            let status = try await runner.run(command) { _, bytes in
                output.withLock { if $0.count < 4096 { $0 += bytes } }
            }
            let words = String(decoding: output.withLock { $0 }, as: UTF8.self)
            if words == ProbeProgram.word {
                if status == .exit(code: Int32(owner)) { return .works }
                if status == .exit(code: 0) { return .setUserIDIgnored }
            }
            let line = words.split(separator: "\n").first.map { ": \($0.prefix(200))" } ?? ""
            return .failed("its probe ended with \(status.shellCode)\(line)", remedy: nil)
        } catch {
            return .failed("\(error)", remedy: Remedy.of(error))
        }
    }
}
