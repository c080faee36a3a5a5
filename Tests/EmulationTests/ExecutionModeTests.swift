// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import Emulation
import Glibc
import OCI
import SystemPackage
import TestSupport
import Testing

@Suite("How a platform is run")
struct ExecutionModeTests {
    static let native: [(host: String, platform: String, runs32Bit: Bool, machine: ExecutionMode.Machine)] = [
        ("linux/amd64", "linux/amd64", true, .itself), ("linux/amd64", "linux/amd64/v3", true, .itself),
        ("linux/amd64", "linux/386", true, .thirtyTwoBit), ("linux/arm64", "linux/arm64", false, .itself),
        ("linux/arm64", "linux/arm/v7", true, .thirtyTwoBit), ("linux/arm64", "linux/arm/v5", true, .thirtyTwoBit),
        ("linux/arm/v7", "linux/arm/v6", true, .itself),
    ]

    @Test("natively where the machine can", arguments: native)
    func runsNatively(host: String, platform: String, runs32Bit: Bool, machine: ExecutionMode.Machine) throws {
        let finder = EmulatorFinder(directory: "/nowhere", path: nil)
        let mode = try ExecutionMode(
            for: try Platform(platform), host: try Platform(host), finder: finder, runs32Bit: runs32Bit)
        #expect(mode == .native(machine))
        #expect(mode.environment(for: try Platform(platform)) == [])
    }

    static let foreign: [(host: String, platform: String, target: String, environment: [String])] = [
        ("linux/amd64", "linux/arm64", "aarch64", []), ("linux/amd64", "linux/arm/v5", "arm", ["QEMU_CPU=arm926"]),
        ("linux/arm64", "linux/arm/v7", "arm", []), ("linux/arm/v6", "linux/arm/v7", "arm", []),
        ("linux/arm64", "linux/amd64", "x86_64", []), ("linux/amd64", "linux/s390x", "s390x", []),
    ]

    @Test("by an emulator where it cannot", .requiresProgram("qemu-aarch64-static"), arguments: foreign)
    func runsEmulated(host: String, platform: String, target: String, environment: [String]) throws {
        let mode = try ExecutionMode(
            for: try Platform(platform), host: try Platform(host), finder: EmulatorFinder(), runs32Bit: false)
        guard case .emulated(let emulator) = mode else {
            Issue.record("\(mode)")
            return
        }
        #expect(emulator.target.target == target)
        #expect(mode.environment(for: try Platform(platform)) == environment)
    }

    @Test("without an emulator: which one, where it was looked for, how to install it")
    func missing() throws {
        let platform = try Platform("linux/riscv64")
        let error = #expect(throws: EmulationError.self) {
            try EmulatorFinder(directory: "/nowhere", path: nil).emulator(for: platform)
        }
        #expect(error == .notInstalled(platform, target: "riscv64", searched: ["/nowhere"]))
        #expect(
            error?.description
                == "linux/riscv64 needs the static emulator qemu-riscv64-static, which is in none of /nowhere")
        #expect(error?.remedy?.contains("apt install qemu-user-static") == true)
    }

    @Test("a platform that no QEMU runs")
    func noTarget() throws {
        let platform = try Platform("windows/amd64")
        #expect(throws: EmulationError.noTarget(platform)) {
            try ExecutionMode(
                for: platform, host: try Platform("linux/amd64"), finder: EmulatorFinder(), runs32Bit: true)
        }
    }

    @Test("a program that needs libraries is no emulator")
    func dynamic() async throws {
        let made = try await ChildProcess.run(
            "sh",
            [
                "-ec",
                """
                d=$(mktemp -d); ln -s /usr/bin/env $d/qemu-aarch64-static
                ln -s "$(command -v qemu-arm-static)" $d/qemu-aarch64; echo $d
                """,
            ])
        let directory = FilePath(String(made.output.dropLast()))
        let emulator = try EmulatorFinder(directory: directory, path: nil).emulator(for: try Platform("linux/arm64"))
        #expect(emulator.path == directory.appending("qemu-aarch64"))
        _ = try await ChildProcess.run("rm", ["-r", directory.string])
    }
}

@Suite("Handlers of the host")
struct HostHandlerTests {
    static let entry = """
        enabled
        interpreter /usr/libexec/qemu-binfmt/aarch64-binfmt-P
        flags: POF
        offset 0
        magic 7f454c460201010000000000000000000200b700
        mask ffffffffffffff00fffffffffffffffffeffffff

        """

    @Test("an entry is read and recognised as the platform's")
    func reads() throws {
        let handler = try #require(HostHandler(name: "qemu-aarch64", text: Self.entry))
        #expect(handler.interpreter == "/usr/libexec/qemu-binfmt/aarch64-binfmt-P")
        #expect(handler.flags == "POF")
        let aarch64 = try #require(EmulatorTable.target(for: try Platform("linux/arm64")))
        let riscv64 = try #require(EmulatorTable.target(for: try Platform("linux/riscv64")))
        #expect(handler.runs(aarch64))
        #expect(!handler.runs(riscv64))
    }

    @Test(
        "an entry that is disabled or opens its emulator too late does not do",
        arguments: [("enabled", "disabled"), ("POF", "PO")])
    func unfit(from: String, to: String) throws {
        let handler = try #require(HostHandler(name: "x", text: Self.entry.replacing(from, with: to)))
        let aarch64 = try #require(EmulatorTable.target(for: try Platform("linux/arm64")))
        #expect(!handler.runs(aarch64))
    }

    @Test(
        "what is not by magic is passed over",
        arguments: ["enabled\ninterpreter /x\nextension .exe\n", "", "enabled\nmagic 7\n"])
    func others(text: String) {
        #expect(HostHandler(name: "x", text: text) == nil)
    }
}

@Suite("The beginning of a program")
struct ProgramFileTests {
    @Test(
        "scripts",
        arguments: [
            ("#!/bin/sh\n", "/bin/sh"), ("#! /usr/bin/env -S x\n", "/usr/bin/env"), ("#!/bin/bash\r\n", "/bin/bash\r"),
        ])
    func scripts(text: String, interpreter: String) throws {
        let file = try #require(ProgramFile(Array(text.utf8)))
        #expect(file.interpreter == interpreter)
        #expect(file.machine == nil)
    }

    @Test("what is no program", arguments: ["", "#", "text", "\u{7f}ELF"])
    func none(text: String) {
        #expect(ProgramFile(Array(text.utf8)) == nil)
    }

    @Test("every prefix and every damaged byte of a real program is read without a crash")
    func damaged() throws {
        let file = try FileDescriptor.open("/usr/bin/env", .readOnly)
        var bytes = [UInt8](repeating: 0, count: 1024)
        _ = try file.closeAfter { try bytes.withUnsafeMutableBytes { try file.read(into: $0) } }
        let whole = try #require(ProgramFile(bytes))
        #expect(whole.interpreter?.hasPrefix("/lib") == true)
        #expect(!whole.isStatic)
        var read = 0
        for index in 0..<256 {
            _ = ProgramFile(Array(bytes[..<index]))
            var damaged = bytes
            damaged[index] = 0xff
            if ProgramFile(damaged) != nil { read += 1 }
        }
        #expect(read > 200)
    }
}
