// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import Diagnosis
import Testing

@Suite("What lines of output say of a failure")
struct SymptomTests {
    static let lines: [(String, Symptom)] = [
        ("bash: line 1: ./x: cannot execute binary file: Exec format error", .notExecutable(["./x", "bash"])),
        ("exec /app/x: exec format error", .notExecutable(["/app/x"])),
        ("OSError: [Errno 8] Exec format error: './x'", .notExecutable(["./x"])),
        ("qemu-arm: ./x: Invalid ELF image for this architecture", .notExecutable(["./x"])),
        ("sh: 1: ./x: not found", .notFound(["./x"])),
        ("env: ‘./noint’: No such file or directory", .notFound(["./noint"])),
        ("/usr/bin/env: 'bash\\r': No such file or directory", .carriageReturn),
        ("bash: ./x: /bin/sh^M: bad interpreter: No such file or directory", .carriageReturn),
        ("./x: line 1: syntax error: unexpected \"(\"", .notUnderstood(["unexpected", "./x"])),
        (
            "qemu-arm: Could not open '/lib/ld-linux-armhf.so.3': No such file or directory",
            .emulatorMissesLoader("/lib/ld-linux-armhf.so.3")
        ),
        ("qemu: uncaught target signal 11 (Segmentation fault) - core dumped", .emulatedSignal(11)),
        ("qemu: Unsupported syscall: 435", .unsupportedSystemCall("435")),
        ("qemu-arm-static: unable to find CPU model 'foo'", .unknownProcessor("foo")),
        ("qemu-arm: Unable to reserve 0xffff0000 bytes of virtual address space at 0x8000", .noAddressSpace),
        (
            "qemu-aarch64: QEMU internal SIGSEGV {code=MAPERR, addr=0x20}",
            .emulatorFailure("qemu-aarch64: QEMU internal SIGSEGV {code=MAPERR, addr=0x20}")
        ),
        ("Illegal instruction (core dumped)", .illegalInstruction),
        ("ls: reading directory '.': Value too large for defined data type", .valueTooLarge),
        ("c++: fatal error: Killed signal terminated program cc1plus", .killed),
        ("Killed", .killed),
        (
            "/x: error while loading shared libraries: libz.so.1: cannot open shared object file: No such file or directory",
            .missingLibrary("libz.so.1")
        ),
        (
            "Error loading shared library libssl.so.3: No such file or directory (needed by /x)",
            .missingLibrary("libssl.so.3")
        ),
        ("sh: 1: ./x: Permission denied", .notPermitted(["./x"])),
        ("ld.so: /usr/lib/x.so: wrong ELF class: ELFCLASS64", .notUnderstood(["ELFCLASS64", "/usr/lib/x.so"])),
        ("/bin/bash: line 1:     7 Killed                  ./x", .killed),
        ("virtual memory exhausted: Cannot allocate memory", .outOfMemory),
        ("cp: error writing '/x': No space left on device", .diskFull),
        ("E: setgroups 65534 failed - setgroups (22: Invalid argument)", .idRefused),
        ("E: seteuid 100 failed - seteuid (22: Invalid argument)", .idRefused),
        ("tar: x: Cannot change ownership to uid 200000, gid 200000: Invalid argument", .idRefused),
        ("sudo: effective uid is not 0, is sudo installed setuid root?", .notSetUserID("")),
    ]

    @Test("the messages of shells, of programs and of QEMU", arguments: lines)
    func line(text: String, expected: Symptom) {
        let symptom = Symptom(text)
        switch expected {
        case .notExecutable(let names), .notFound(let names), .notUnderstood(let names), .notPermitted(let names):
            #expect(symptom?.programs.starts(with: names) == true, "\(String(describing: symptom))")
            #expect(symptom.map { Self.kind($0) } == Self.kind(expected))
        case .notSetUserID: #expect(symptom.map { Self.kind($0) } == Self.kind(expected))
        default: #expect(symptom == expected)
        }
    }

    @Test(
        "lines that say nothing", arguments: ["", ":", "checking for gcc... gcc", "make: *** [all] Error 2", "\u{0}"])
    func silent(line: String) { #expect(Symptom(line) == nil) }

    @Test("a line of any length is read in a moment")
    func long() {
        let line = String(repeating: "a: 'b\" ", count: 20_000) + "not found: exec format error"
        #expect(Symptom(line).map { $0.programs.count <= 16 } == true)
    }

    private static func kind(_ symptom: Symptom) -> String { String("\(symptom)".prefix { $0 != "(" }) }
}
