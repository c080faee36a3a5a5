// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import Audit
import Diagnosis
import OCI
import Testing

import enum Sandbox.ExitStatus
import enum Sandbox.SandboxError

@Suite("Why a command failed, in words")
struct ExplanationTests {
    /// The header of an ELF program that names no loader.
    static func elf(machine: UInt8, is64Bit: Bool = true, bigEndian: Bool = false) -> [UInt8] {
        var bytes: [UInt8] = [0x7f, 0x45, 0x4c, 0x46, is64Bit ? 2 : 1, bigEndian ? 2 : 1, 1]
        bytes += [UInt8](repeating: 0, count: 9) + (bigEndian ? [0, 2, 0, machine] : [2, 0, machine, 0])
        return bytes + [UInt8](repeating: 0, count: 44)
    }

    static let emulated = FailureEvidence.Execution.emulated(
        .init(target: "aarch64", version: "7.2.22", processor: nil))

    static func evidence(
        _ status: ExitStatus? = .exit(code: 1), output: [String] = [], files: [String: [UInt8]] = [:],
        platform: Platform = Platform(os: "linux", architecture: "arm64"),
        execution: FailureEvidence.Execution = emulated
    ) -> FailureEvidence {
        var programs: [String: ProgramFacts] = [:]
        for name in files.keys {
            programs[name] = ProgramFacts(path: name) { path, offset, count in
                files[path].map { Array($0.dropFirst(Int(offset)).prefix(count)) }
            }
        }
        return FailureEvidence(
            status: status, output: output, platform: platform, execution: execution,
            host: Platform(os: "linux", architecture: "amd64"), programs: programs)
    }

    static let files: [(String, [UInt8], Explanation.Cause?, String)] = [
        (
            "/x: not found", elf(machine: 62), .foreignProgram,
            "/x is an x86-64 program for linux/amd64, which linux/arm64"
        ),
        ("/x: Exec format error", elf(machine: 22, bigEndian: true), .foreignProgram, "for linux/s390x"),
        ("/x: line 1: syntax error", elf(machine: 243), .foreignProgram, "riscv64"),
        ("/x: Exec format error", elf(machine: 183), .noHandler, "did not hand it to qemu-aarch64"),
        ("/x: not found", elf(machine: 183), nil, ""),
        ("/x: Exec format error", [], .damagedProgram, "/x is empty"),
        ("/x: Exec format error", Array("echo hi\n".utf8), .noProgram, "text without #!"),
        ("/x: Exec format error", [0, 1, 2], .noProgram, "neither a program nor a script"),
        ("/x: line 1: syntax error", Array("<!DOCTYPE html><html>".utf8), .noProgram, "an HTML page"),
        ("/x: Exec format error", [0x1f, 0x8b, 8, 0], .noProgram, "a gzip archive"),
        ("/x: Exec format error", [0x7f, 0x45, 0x4c, 0x46, 2], .noProgram, "the rest is missing"),
        ("/x: Exec format error", [0xef, 0xbb, 0xbf] + Array("#!/bin/sh\n".utf8), .noProgram, "byte order mark"),
        ("/x: not found", Array("#!/bin/bash\necho".utf8), .missingInterpreter, "a script for /bin/bash"),
        ("/x: not found", Array("#!/bin/sh\r\necho".utf8), .windowsLineEnds, "line ends of Windows"),
        ("/x: not found", Array("#!\n".utf8), .noProgram, "names no interpreter"),
        ("/x: syntax error", Array("#!/x\nif".utf8), nil, ""),
        // It may be another file of that name which was not found.
        ("tar: /x: Cannot open: No such file or directory", [0x1f, 0x8b, 8, 0], nil, ""),
    ]

    @Test("what the file shows that a message names", arguments: files)
    func file(line: String, bytes: [UInt8], cause: Explanation.Cause?, words: String) {
        let explanation = Explanation(Self.evidence(.exit(code: 127), output: ["a", line, "b"], files: ["/x": bytes]))
        #expect(explanation?.cause == cause)
        #expect(cause == nil || explanation?.sentence.contains(words) == true, "\(explanation?.sentence ?? "none")")
        #expect(explanation == nil || explanation?.remedy?.isEmpty == false)
    }

    static let messages: [(String, Explanation.Cause, String)] = [
        (
            "qemu: uncaught target signal 11 (Segmentation fault) - core dumped", .emulatedSignal,
            "SIGSEGV (signal 11) under qemu-aarch64 7.2.22"
        ),
        ("qemu: uncaught target signal 6 (Aborted) - core dumped", .emulatedSignal, "gave up by itself"),
        ("qemu: uncaught target signal 4 (Illegal instruction) - core dumped", .illegalInstruction, "an instruction"),
        (
            "qemu-aarch64: Could not open '/lib/ld-musl-aarch64.so.1': No such file or directory", .missingInterpreter,
            "/lib/ld-musl-aarch64.so.1"
        ),
        ("qemu-aarch64: QEMU internal SIGSEGV {code=MAPERR}", .emulatorFailure, "7.2.22 itself failed"),
        ("qemu-arm: Unable to reserve 0xffff0000 bytes of virtual address space", .emulatorFailure, "no room"),
        ("qemu: Unsupported syscall: 435", .unsupportedSystemCall, "system call 435"),
        ("qemu-arm: unable to find CPU model 'foo'", .unknownProcessor, "processor foo"),
        ("Illegal instruction", .illegalInstruction, "qemu-aarch64 7.2.22"),
        ("Value too large for defined data type", .valueTooLarge, "32-bit"),
        ("env: 'sh\\r': No such file or directory", .windowsLineEnds, "Windows"),
        ("x: error while loading shared libraries: libz.so.1: cannot open", .missingLibrary, "library libz.so.1"),
        ("Killed", .killed, "SIGKILL"), ("std::bad_alloc", .outOfMemory, "memory ran out"),
        ("write: No space left on device", .diskFull, "/dev/shm"),
        ("sudo: effective uid is not 0", .setUserID, "did not become root"),
    ]

    @Test("what a message says by itself", arguments: messages)
    func message(line: String, cause: Explanation.Cause, words: String) {
        let explanation = Explanation(Self.evidence(output: [line, "make: *** [all] Error 1"]))
        #expect(explanation?.cause == cause)
        #expect(explanation?.sentence.contains(words) == true, "\(explanation?.sentence ?? "none")")
        #expect(explanation?.remedy?.isEmpty == false)
    }

    @Test("what the numbers of the machine prove")
    func numbers() {
        var evidence = Self.evidence(.exit(code: 137))
        #expect(Explanation(evidence)?.cause == .killed)
        evidence.memoryKills = 1
        #expect(Explanation(evidence)?.cause == .outOfMemory)
        #expect(Explanation(evidence)?.sentence.contains("the kernel killed a process") == true)

        evidence = Self.evidence(output: ["cp: No space left on device"])
        evidence.disk = .init(path: "/data", freeBytes: 4096, freeInodes: .max)
        #expect(Explanation(evidence)?.sentence == "the file system of the store, /data, is full")
        evidence.disk = .init(path: "/data", freeBytes: 1 << 40, freeInodes: 0)
        #expect(Explanation(evidence)?.sentence.contains("inodes") == true)

        evidence = Self.evidence(output: ["E: seteuid 100 failed - seteuid (22: Invalid argument)"])
        #expect(Explanation(evidence) == nil)
        evidence.mappedIDs = 1
        #expect(Explanation(evidence)?.cause == .tooFewIDs)
        #expect(Explanation(evidence)?.remedy?.contains("--add-subuids") == true)
    }

    @Test("the status alone, under QEMU and without it")
    func status() {
        #expect(Explanation(Self.evidence(.exit(code: 139)))?.cause == .emulatedSignal)
        #expect(Explanation(Self.evidence(.signal(number: 11)))?.cause == .emulatedSignal)
        #expect(Explanation(Self.evidence(.signal(number: 4), execution: .native))?.cause == .illegalInstruction)
        for status in [ExitStatus.exit(code: 1), .exit(code: 143), .exit(code: 255), .signal(number: 15)] {
            #expect(Explanation(Self.evidence(status)) == nil)
        }
        #expect(Explanation(Self.evidence(.exit(code: 139), execution: .native)) == nil)
    }

    @Test("the processor that QEMU was told to be, and the variant that it stands for")
    func processor() {
        let v6 = Platform(os: "linux", architecture: "arm", variant: "v6")
        let evidence = Self.evidence(
            output: ["Illegal instruction"], platform: v6,
            execution: .emulated(.init(target: "arm", version: "7.2.22", processor: "arm1176")))
        #expect(Explanation(evidence)?.sentence.contains("qemu-arm 7.2.22 as arm1176") == true)
        #expect(Explanation(evidence)?.remedy?.contains("compile it for linux/arm/v6") == true)
    }

    @Test("set-uid programs under a handler of the host without flag C")
    func credentials() {
        var emulation = FailureEvidence.Emulation(target: "arm")
        emulation.keepsCredentials = false
        let evidence = Self.evidence(output: ["sudo: effective uid is not 0"], execution: .emulated(emulation))
        #expect(Explanation(evidence)?.sentence.contains("no flag C") == true)
    }

    @Test("a command that could not be started")
    func start() {
        var evidence = Self.evidence(nil, files: ["/x": Self.elf(machine: 62)])
        evidence.failure = .wrongFormat(program: "/x", machine: "x86_64")
        #expect(Explanation(evidence)?.cause == .foreignProgram)
        evidence.failure = .noProgram
        #expect(Explanation(evidence) == nil)
    }

    @Test("a script that nobody made executable, and a file that nobody meant to execute")
    func permission() {
        var evidence = Self.evidence(
            output: ["sh: /x: Permission denied"], files: ["/x": Array("#!/bin/sh\n".utf8)])
        #expect(Explanation(evidence) == nil)
        evidence.programs["/x"]?.isExecutable = false
        #expect(Explanation(evidence)?.cause == .noPermission)
        evidence = Self.evidence(output: ["cat: /x: Permission denied"], files: ["/x": Array("text".utf8)])
        evidence.programs["/x"]?.isExecutable = false
        #expect(Explanation(evidence) == nil)
    }

    @Test("proof goes before supposition, and what came last before what came first")
    func order() {
        let lines = ["/x: Exec format error", "qemu: uncaught target signal 11", "/y: not found", "/z: not found"]
        let script = Array("#!/bin/bash\n".utf8)
        let evidence = Self.evidence(output: lines, files: ["/x": [], "/y": script])
        #expect(Explanation(evidence)?.sentence.hasPrefix("/y") == true)
        #expect(Explanation(Self.evidence(output: lines, files: ["/x": []]))?.sentence == "/x is empty")
        #expect(Explanation(Self.evidence(output: lines))?.cause == .emulatedSignal)
    }
}
