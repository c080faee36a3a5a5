// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import Build
import Dockerfile
import OCI
import TestSupport
import Testing

@Suite("Auditing an image's files")
struct ImageAuditTests {
    private static let armLoader = ELFBuilder(is64Bit: false, machine: 40, flags: 0x0500_0400).library
    private static let musl = "/lib/ld-musl-aarch64.so.1"

    @Test("a file for another machine is found wherever it is visible, and only there")
    func visibility() throws {
        let image = AuditImage(
            [
                ("bin/good", .arm64), ("bin/seen", .amd64), ("bin/removed", .amd64), ("bin/replaced", .amd64),
                ("opt/a/hidden", .amd64), ("opt/b/linked", .amd64), ("srv", .amd64), ("etc/text", .text("x")),
            ],
            [
                ("bin/removed", .gone), ("bin/replaced", .arm64), ("opt/a", .opaque),
                ("opt/b/linked", .link("/bin/good")),
                ("srv/now/a/directory", .arm64), ("usr/first", .amd64), ("usr/second", .hardLink("usr/first")),
            ])
        #expect(
            try image.findings() == [
                "warning foreign /bin/seen", "warning foreign /usr/first", "warning foreign /usr/second",
            ])
        #expect(try image.audit().fileCount == 6)
        let finding = try #require(try image.audit().findings.first)
        #expect(
            "\(finding)" == """
                /bin/seen is an x86-64 program for linux/amd64, which linux/arm64 does not run (layer 6e340b9cffb3: COPY 0)
                """)
        #expect(finding.line == 1)
    }

    @Test("what no machine runs is left alone, and what is for other machines by its place")
    func exempt() throws {
        var object = ELFBuilder(machine: 62)
        object.type = 1
        let image = AuditImage(
            [
                ("lib/x.o", .elf(object)), ("lib/libx.a", .text("!<arch>\n")), ("data", .text("MZ")),
                ("usr/lib/x86_64-linux-gnu/libc.so.6", .elf(ELFBuilder(machine: 62).library)),
                ("usr/x86_64-linux-gnu/lib/crt.so", .amd64), ("app/prebuilds/linux-x64/node.node", .amd64),
                ("app/native/amd64/tool", .amd64), ("app/native/riscv64/tool", .amd64),
                ("usr/lib/aarch64-linux-gnu/libwrong.so", .elf(ELFBuilder(machine: 62).library)),
            ])
        #expect(
            try image.findings() == [
                "warning foreign /app/native/riscv64/tool", "warning foreign /usr/lib/aarch64-linux-gnu/libwrong.so",
            ])
        let newer = AuditImage(
            for: "linux/amd64",
            [
                ("usr/lib/x86_64-linux-gnu/glibc-hwcaps/x86-64-v3/libz.so", .elf(.x86(needed: 0b111))),
                ("usr/lib/x86_64-linux-gnu/libz.so", .elf(.x86(needed: 0b111))), ("bin/v1", .elf(.x86(needed: 0b1))),
            ])
        #expect(try newer.findings() == ["warning newer /usr/lib/x86_64-linux-gnu/libz.so"])
    }

    @Test("a few libraries of a distribution that choose at run time are left alone; one for newer machines is not")
    func runTimeChoice() throws {
        func libraries(_ architecture: UInt8, _ count: Int, _ directory: String) -> AuditImage.Layer {
            (0..<count).map {
                ("\(directory)/lib\(architecture)-\($0).so", AuditFile.elf(.arm(architecture: architecture).library))
            }
        }
        let directory = "usr/lib/arm-linux-gnueabihf"
        func newer(_ layers: AuditImage.Layer?...) throws -> Int {
            var image = AuditImage(for: "linux/arm/v6")
            image.layers = layers
            return try image.findings().filter { $0.hasPrefix("warning newer") }.count
        }
        #expect(try newer(libraries(6, 20, directory), libraries(14, 2, directory)) == 0)
        #expect(try newer(libraries(6, 20, directory), libraries(10, 3, directory)) == 3)
        #expect(try newer(libraries(6, 20, directory), libraries(10, 1, "opt/app/lib")) == 1)
        #expect(try newer(libraries(10, 20, directory)) == 20)
    }

    @Test(
        "a program of ENTRYPOINT or CMD for another machine is an error, however it is named",
        arguments: [
            ("linux/arm64", ["/app"], nil, "error foreign /app ENTRYPOINT"),
            ("linux/arm64", nil, ["/app", "-x"], "error foreign /app CMD"),
            ("linux/arm64", nil, ["named"], "error foreign /usr/bin/named CMD"),
            ("linux/arm64", nil, ["./app"], "error foreign /app CMD"),
            ("linux/arm64", nil, ["/link"], "error foreign /app CMD"),
            ("linux/arm64", nil, ["/bin/sh", "-c", "exec  A=1 named -x | cat"], "error foreign /usr/bin/named CMD"),
            ("linux/arm64", ["/bin/sh", "-c", "/app"], nil, "error foreign /app ENTRYPOINT"),
            ("linux/arm64", ["env", "A=b", "/app"], nil, "error foreign /app ENTRYPOINT"),
            ("linux/arm64", ["/tini", "--"], ["/app"], "error foreign /app CMD"),
            ("linux/arm64", ["/entry.sh"], ["named"], "error foreign /usr/bin/named CMD"),
            ("linux/arm64", ["/bad.sh"], nil, "error foreign /app for ENTRYPOINT"),
            ("linux/arm64", ["/env.sh"], nil, "error foreign /usr/bin/named for ENTRYPOINT"),
            ("linux/amd64", nil, ["/v3"], "error newer /v3 CMD"),
            ("linux/amd64/v3", nil, ["/v3"], nil),
            ("linux/arm/v6", nil, ["/v7"], "error newer /v7 CMD"),
            ("linux/arm/v7", nil, ["/v7"], nil),
            ("linux/arm64", nil, ["/v7"], "warning sister /v7 CMD"),
            ("linux/arm64", nil, ["/nowhere"], "warning missing /nowhere"),
            ("linux/arm64", nil, ["nowhere"], "warning missing"),
            ("linux/arm64", nil, ["/data"], "warning not-a-program /data CMD"),
            ("linux/arm64", nil, ["/locked"], "warning not-a-program /locked CMD"),
            ("linux/arm64", nil, ["/bin/sh", "-c", "$APP run"], nil),
            ("linux/arm64", ["/none.sh"], nil, "error interpreter /none.sh ENTRYPOINT"),
        ] as [(String, [String]?, [String]?, String?)])
    func program(platform: String, entrypoint: [String]?, cmd: [String]?, expected: String?) throws {
        let native =
            switch platform {
            case "linux/arm64": AuditFile.arm64
            case "linux/arm/v6", "linux/arm/v7": AuditFile.elf(.arm(architecture: 6))
            default: AuditFile.amd64
            }
        let image = AuditImage(
            for: platform, entrypoint: entrypoint, cmd: cmd,
            [
                ("app", .amd64), ("usr/bin/named", .amd64), ("link", .link("usr/../app")), ("bin/sh", native),
                ("usr/bin/env", native), ("tini", native), ("entry.sh", .script("/bin/sh")),
                ("bad.sh", .script("/link")), ("env.sh", .script("/usr/bin/env named")),
                ("v3", .elf(.x86(needed: 0b111))),
                ("v7", .elf(.arm(architecture: 10))), ("data", .text("hello")), ("none.sh", .script("/bin/none")),
                ("locked", .elf(ELFBuilder(machine: 183), mode: 0o644)),
            ])
        let own = try image.audit().findings.filter { $0.role != nil || $0.kind == .missing }
            .map {
                "\($0.severity) \($0.kind.rawValue)" + ($0.path.map { " \($0)" } ?? "")
                    + ($0.role.map { " \($0)" } ?? "")
            }
        #expect(own == (expected.map { [$0] } ?? []))
    }

    @Test("a loader has to be there, through links, and be of the program's own machine and ABI")
    func loaders() throws {
        let program = ELFBuilder(machine: 183).loaded(by: Self.musl)
        let soft = ELFBuilder(is64Bit: false, machine: 40, flags: 0x0500_0200).loaded(by: "/lib/ld-linux.so.3")
        let hard = ELFBuilder(is64Bit: false, machine: 40, flags: 0x0500_0400).loaded(by: "/lib/ld-linux-armhf.so.3")
        #expect(
            try AuditImage(cmd: ["/app"], [("app", .elf(program)), ("bin/b", .elf(program))]).findings() == [
                "error loader /app CMD", "warning loader /bin/b",
            ])
        let there: AuditImage.Layer = [("app", .elf(program)), ("lib", .link("usr/lib"))]
        let good = there + [("usr/lib/ld-musl-aarch64.so.1", .link("libc.so")), ("usr/lib/libc.so", .arm64)]
        #expect(try AuditImage(cmd: ["/app"], good).findings() == [])
        let bad = there + [("usr/lib/ld-musl-aarch64.so.1", .amd64)]
        #expect(
            try AuditImage(cmd: ["/app"], bad).findings() == [
                "error loader /app CMD", "warning foreign /usr/lib/ld-musl-aarch64.so.1",
            ])
        // What a layer has that nobody looked at is not known to be missing.
        #expect(try AuditImage(cmd: ["/app"], nil, there).findings() == [])
        let arm = AuditImage(
            for: "linux/arm/v7", cmd: ["/soft"],
            [
                ("soft", .elf(soft)), ("hard", .elf(hard)), ("lib/ld-linux-armhf.so.3", .elf(Self.armLoader)),
                ("lib/ld-linux.so.3", .link("ld-linux-armhf.so.3")), ("lib/libhard.so", .elf(Self.armLoader)),
                ("lib/libsoft.so", .elf(ELFBuilder(is64Bit: false, machine: 40, flags: 0x0500_0200).library)),
            ])
        #expect(try arm.findings() == ["error loader /soft CMD", "warning float-abi /lib/libsoft.so"])
    }

    @Test("scripts in use find their interpreters; examples and what cannot be executed are left alone")
    func scripts() throws {
        let image = AuditImage(
            [
                ("bin/sh", .arm64), ("usr/bin/env", .arm64), ("usr/bin/python3", .arm64),
                ("a/good", .script("/bin/sh -e")),
                ("a/env", .script("/usr/bin/env python3")), ("a/split", .script("/usr/bin/env -S none")),
                ("a/bad", .script("/bin/none")), ("a/badenv", .script("/usr/bin/env none")),
                ("a/plain", .text("#!/bin/none\n", mode: 0o644)), ("usr/share/doc/x", .script("/bin/none")),
                ("app/node_modules/x/x.js", .script("/bin/none")), ("usr/local/bin/x", .script("/bin/none")),
                ("a/proc", .script("/proc/self/exe")), ("a/relative", .script("none")),
            ])
        #expect(
            try image.findings() == [
                "warning interpreter /a/bad", "warning interpreter /a/badenv", "warning interpreter /usr/local/bin/x",
            ])
    }

    @Test("an object file is nothing to start; elsewhere it is left alone")
    func objects() throws {
        let object = AuditFile.elf(ELFBuilder(type: 1, machine: 183))
        let image = AuditImage(cmd: ["/app.o"], [("app.o", object), ("lib/other.o", object)])
        #expect(try image.findings() == ["error not-a-program /app.o CMD"])
    }

    @Test("what a layer that was not read may have replaced is no error")
    func unread() throws {
        #expect(
            try AuditImage(cmd: ["/app"], [("app", .amd64)], nil).findings() == ["warning foreign /app CMD"])
        #expect(try AuditImage(cmd: ["/app"], nil, [("app", .amd64)]).findings() == ["error foreign /app CMD"])
    }

    @Test("the level says what is an error, and patterns what is meant to be so")
    func levels() throws {
        let image = AuditImage(
            cmd: ["/app"], [("app", .amd64), ("opt/x/tool", .amd64), ("opt/y", .amd64)])
        func severities(_ level: AuditPolicy.Level, _ allowed: [String] = []) throws -> [String] {
            let patterns = allowed.isEmpty ? nil : try IgnorePatterns(allowed)
            return try image.audit(AuditPolicy(level: level, allowed: patterns)).findings.map(\.severity.rawValue)
        }
        #expect(try severities(.program) == ["error", "warning", "warning"])
        #expect(try severities(.warn) == ["warning", "warning", "warning"])
        #expect(try severities(.error) == ["error", "error", "error"])
        #expect(try severities(.error, ["opt/*"]) == ["error"])
        #expect(try severities(.error, ["opt/**/tool", "app"]) == ["error"])
        #expect(try severities(.error, ["**"]) == [])
        let merged = AuditImage([("usr/bin/app", .amd64)])
        #expect(try merged.findings(AuditPolicy(allowed: IgnorePatterns(["bin/app"]))) == [])
    }

    @Test("a base whose config is for another machine is found out")
    func config() throws {
        let image = AuditImage(for: "linux/arm/v7", [("app", .elf(.arm(architecture: 10)))])
        #expect(try image.audit(base: "linux/amd64").findings.map(\.kind) == [.config])
        #expect(try image.audit(base: "linux/arm64").findings.map(\.kind) == [.config])
        for base in ["linux/arm/v7", "linux/arm/v6"] { #expect(try image.audit(base: base).findings == []) }
    }

    @Test("many findings that are alike are told by a few")
    func digest() throws {
        let many = (0..<2000).map { ("opt/tool\($0)", AuditFile.amd64) }
        let image = AuditImage(cmd: ["/opt/tool7"], many, [("opt/last", .amd64)])
        let audit = try image.audit()
        #expect(audit.findings.count == 2001)
        let remarks = AuditDigest(audit.warnings).remarks.map(\.text)
        #expect(remarks.count == 5)
        #expect(remarks[3] == "1996 more files of layer 6e340b9cffb3: COPY 0 are like that")
        #expect(remarks[4].hasPrefix("/opt/last is"))
        #expect("\(audit.outcome)" == "1 error")
    }
}
