// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import OCI
import Testing

@Suite("The names that families have for platforms")
struct NamingFamilyTests {
    /// uname, Debian, Alpine, GNU, Rust, GOARM, QEMU, official images, kernel.
    static let table: [(platform: String, names: [String?])] = [
        (
            "linux/amd64",
            [
                "x86_64", "amd64", "x86_64", "x86_64-linux-gnu", "x86_64-unknown-linux-gnu", nil, "x86_64", "amd64",
                "x86_64",
            ]
        ),
        (
            "linux/386",
            ["i686", "i386", "x86", "i686-linux-gnu", "i686-unknown-linux-gnu", nil, "i386", "i386", "i386"]
        ),
        (
            "linux/arm/v5",
            [
                "armv5tel", "armel", nil, "arm-linux-gnueabi", "armv5te-unknown-linux-gnueabi", "5", "arm", "arm32v5",
                "arm",
            ]
        ),
        (
            "linux/arm/v6",
            [
                "armv6l", nil, "armhf", "arm-linux-gnueabihf", "arm-unknown-linux-gnueabihf", "6", "arm", "arm32v6",
                "arm",
            ]
        ),
        (
            "linux/arm/v7",
            [
                "armv7l", "armhf", "armv7", "arm-linux-gnueabihf", "armv7-unknown-linux-gnueabihf", "7", "arm",
                "arm32v7", "arm",
            ]
        ),
        (
            "linux/arm64",
            [
                "aarch64", "arm64", "aarch64", "aarch64-linux-gnu", "aarch64-unknown-linux-gnu", nil, "aarch64",
                "arm64v8", "arm64",
            ]
        ),
        (
            "linux/mips64le",
            [
                "mips64", "mips64el", nil, "mips64el-linux-gnuabi64", "mips64el-unknown-linux-gnuabi64", nil,
                "mips64el", "mips64le", "mips",
            ]
        ),
        (
            "linux/ppc64le",
            [
                "ppc64le", "ppc64el", "ppc64le", "powerpc64le-linux-gnu", "powerpc64le-unknown-linux-gnu", nil,
                "ppc64le", "ppc64le", "powerpc",
            ]
        ),
        (
            "linux/riscv64",
            [
                "riscv64", "riscv64", "riscv64", "riscv64-linux-gnu", "riscv64gc-unknown-linux-gnu", nil, "riscv64",
                "riscv64", "riscv",
            ]
        ),
        (
            "linux/s390x",
            ["s390x", "s390x", "s390x", "s390x-linux-gnu", "s390x-unknown-linux-gnu", nil, "s390x", "s390x", "s390"]
        ),
        (
            "linux/loong64",
            [
                "loongarch64", "loong64", "loongarch64", "loongarch64-linux-gnu", "loongarch64-unknown-linux-gnu", nil,
                "loongarch64", "loong64", "loongarch",
            ]
        ),
    ]

    @Test("every family has its name, or none", arguments: table)
    func names(_ platform: String, _ names: [String?]) throws {
        let platform = try Platform(platform)
        #expect(NamingFamily.allCases.map { $0.name(of: platform) } == names)
    }

    @Test("platforms of other systems have none")
    func otherSystems() throws {
        let windows = try Platform("windows/amd64")
        #expect(NamingFamily.allCases.allSatisfy { $0.name(of: windows) == nil })
    }
}
