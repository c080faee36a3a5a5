// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import Emulation
import Glibc
import OCI
import SystemPackage
import TestSupport
import Testing

@Suite("Probes of emulators", .requiresProgram("qemu-aarch64-static", "python3"))
struct EmulatorProbeTests {
    @Test("the programs are those that scripts/make-probes makes")
    func upToDate() async throws {
        let root = FilePath(#filePath).removingLastComponent().appending("../..")
        let made = try await ChildProcess.run(root.appending("scripts/make-probes").string, ["--print"])
        let table = root.appending("Sources/Emulation/Probe/ProbeProgram+Bytes.swift")
        let written = try await ChildProcess.run("cat", [table.string])
        #expect(made.succeeded, "\(made)")
        #expect(made.output == written.output, "run scripts/make-probes")
    }

    @Test("every target but one that QEMU dropped long ago has a probe, which its own handler takes and no other")
    func programs() throws {
        for target in EmulatorTable.all {
            guard let program = ProbeProgram(for: target) else {
                #expect(target.target == "tilegx")
                continue
            }
            let takers = EmulatorTable.all.filter { other in
                other.handlers.contains { handler in
                    zip(zip(handler.magic, handler.mask), program.bytes).allSatisfy { $0.0 & $0.1 == $1 & $0.1 }
                }
            }
            // Two emulators are of one platform.
            let expected = target.target.hasPrefix("ppc") && !target.is64Bit ? ["ppc", "ppc64abi32"] : [target.target]
            #expect(takers.map(\.target) == expected)
            #expect(ProgramFile(program.bytes)?.isStatic == true)
        }
    }

    /// Those whose emulator this machine has.
    static let installed: [EmulatorTarget] = EmulatorTable.all.filter { target in
        access("/usr/bin/qemu-\(target.target)-static", X_OK) == 0
    }

    @Test("every probe runs under its emulator", arguments: installed)
    func runs(target: EmulatorTarget) async throws {
        let platform = Platform(os: "linux", architecture: target.architecture, variant: target.variant)
        let emulator = try EmulatorFinder().emulator(for: platform)
        #expect(try await EmulatorProbe().run(target, by: .emulator(emulator)) == .works)
    }

    @Test("most of QEMU's targets are tried here")
    func many() {
        #expect(Self.installed.count >= 30)
    }

    @Test("a program of this machine's processor runs by itself")
    func native() async throws {
        let target = try #require(EmulatorTable.target(for: .host))
        #expect(try await EmulatorProbe().run(target) == .works)
    }

    @Test("an emulator of another target says that it cannot")
    func wrong() async throws {
        let riscv64 = try #require(EmulatorTable.target(named: "riscv64"))
        let emulator = try EmulatorFinder().emulator(for: try Platform("linux/arm64"))
        let outcome = try await EmulatorProbe().run(riscv64, by: .emulator(emulator))
        guard case .wrong(let output, let status) = outcome else {
            Issue.record("\(outcome)")
            return
        }
        #expect(status != 0)
        #expect(output.contains("Invalid ELF image"))
        #expect(outcome.description.contains("Invalid ELF image"))
    }

    static let misbehaving: [(script: String?, expected: ProbeOutcome)] = [
        ("exec sleep 60", .timedOut(.milliseconds(300))), ("kill -SEGV $$", .killed(signal: SIGSEGV, output: "")),
        ("printf 'manifold probe\\n'; exit 77", .wrong(output: "manifold probe\n", status: 77)),
        (nil, .notStarted(.noSuchFileOrDirectory)),
    ]

    @Test("an emulator that hangs, dies or is not there", arguments: misbehaving)
    func broken(script: String?, expected: ProbeOutcome) async throws {
        let target = try #require(EmulatorTable.target(named: "aarch64"))
        let made = try await ChildProcess.run(
            "sh",
            ["-ec", "f=$(mktemp); printf '#!/bin/sh\\n%s\\n' \"$1\" >$f; chmod +x $f; echo $f", "sh", script ?? ""])
        let file = FilePath(String(made.output.dropLast()))
        defer { unlink(file.string) }
        let emulator = Emulator(target: target, path: script == nil ? "/nonexistent" : file)
        let probe = EmulatorProbe(timeLimit: .milliseconds(300))
        #expect(try await probe.run(target, by: .emulator(emulator)) == expected)
    }

    @Test("a directory that cannot be written to is named")
    func unwritable() async throws {
        let outcome = try await EmulatorProbe(directory: "/nonexistent").run(EmulatorTable.all[0])
        #expect(outcome == .notWritten("/nonexistent", .noSuchFileOrDirectory))
    }

    @Test("the set-user-id bit of a native program has its effect", .requiresRoot("gives a file away"))
    func setUser() async throws {
        let target = try #require(EmulatorTable.target(for: .host))
        #expect(try await EmulatorProbe().runSetUser(target) == .works)
        // QEMU started by name is no set-user-id program.
        let emulator = try EmulatorFinder().emulator(for: try Platform("linux/arm64"))
        #expect(try await EmulatorProbe().runSetUser(emulator.target, by: .emulator(emulator)) == .ignored)
    }
}
