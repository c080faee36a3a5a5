// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import OCI
import Testing

@Suite("The names of architectures")
struct ArchitectureNamesTests {
    /// What one platform is called.
    struct Row: Hashable, Sendable {
        let platform: String
        let qemu: String
        let uname: String
        let debian: String?
        let alpine: String?
        let gnu: String
        let go: String?
        let isStandard: Bool

        init(
            _ platform: String, _ qemu: String, _ uname: String, _ debian: String?, _ alpine: String?, _ gnu: String,
            _ go: String?, _ isStandard: Bool
        ) {
            (self.platform, self.qemu, self.uname, self.debian) = (platform, qemu, uname, debian)
            (self.alpine, self.gnu, self.go, self.isStandard) = (alpine, gnu, go, isStandard)
        }
    }

    /// Platform; QEMU, `uname -m`, Debian, Alpine, GNU, Go; whether Go has a port.
    static let rows: [Row] = [
        Row("linux/arm64", "aarch64", "aarch64", "arm64", "aarch64", "aarch64-linux-gnu", "arm64", true),
        Row("linux/arm64be", "aarch64_be", "aarch64_be", nil, nil, "aarch64_be-linux-gnu", "arm64be", false),
        Row("linux/alpha", "alpha", "alpha", "alpha", nil, "alpha-linux-gnu", nil, false),
        Row("linux/armbe", "armeb", "armv7b", "armeb", nil, "armeb-linux-gnueabi", "armbe", false),
        Row("linux/cris", "cris", "cris", nil, nil, "cris-linux-gnu", nil, false),
        Row("linux/hexagon", "hexagon", "hexagon", nil, nil, "hexagon-unknown-linux-musl", nil, false),
        Row("linux/hppa", "hppa", "parisc", "hppa", nil, "hppa-linux-gnu", nil, false),
        Row("linux/386", "i386", "i686", "i386", "x86", "i686-linux-gnu", "386", true),
        Row(
            "linux/loong64", "loongarch64", "loongarch64", "loong64", "loongarch64", "loongarch64-linux-gnu", "loong64",
            true),
        Row("linux/m68k", "m68k", "m68k", "m68k", nil, "m68k-linux-gnu", nil, false),
        Row("linux/microblaze", "microblaze", "microblaze", nil, nil, "microblaze-linux-gnu", nil, false),
        Row("linux/microblazeel", "microblazeel", "microblaze", nil, nil, "microblazeel-linux-gnu", nil, false),
        Row("linux/mips", "mips", "mips", "mips", nil, "mips-linux-gnu", "mips", true),
        Row("linux/mips64", "mips64", "mips64", "mips64", "mips64", "mips64-linux-gnuabi64", "mips64", true),
        Row("linux/mips64le", "mips64el", "mips64", "mips64el", nil, "mips64el-linux-gnuabi64", "mips64le", true),
        Row("linux/mipsle", "mipsel", "mips", "mipsel", nil, "mipsel-linux-gnu", "mipsle", true),
        Row("linux/mips64p32", "mipsn32", "mips64", "mipsn32", nil, "mips64-linux-gnuabin32", "mips64p32", false),
        Row(
            "linux/mips64p32le", "mipsn32el", "mips64", "mipsn32el", nil, "mips64el-linux-gnuabin32", "mips64p32le",
            false),
        Row("linux/nios2", "nios2", "nios2", "nios2", nil, "nios2-linux-gnu", nil, false),
        Row("linux/or1k", "or1k", "openrisc", "or1k", nil, "or1k-linux-musl", nil, false),
        Row("linux/ppc", "ppc", "ppc", "powerpc", nil, "powerpc-linux-gnu", "ppc", false),
        Row("linux/ppc64", "ppc64", "ppc64", "ppc64", nil, "powerpc64-linux-gnu", "ppc64", true),
        Row("linux/ppc64le", "ppc64le", "ppc64le", "ppc64el", "ppc64le", "powerpc64le-linux-gnu", "ppc64le", true),
        Row("linux/riscv32", "riscv32", "riscv32", nil, nil, "riscv32-linux-gnu", "riscv", false),
        Row("linux/riscv64", "riscv64", "riscv64", "riscv64", "riscv64", "riscv64-linux-gnu", "riscv64", true),
        Row("linux/s390x", "s390x", "s390x", "s390x", "s390x", "s390x-linux-gnu", "s390x", true),
        Row("linux/sh4", "sh4", "sh4", "sh4", nil, "sh4-linux-gnu", nil, false),
        Row("linux/sh4eb", "sh4eb", "sh4", "sh4eb", nil, "sh4eb-linux-gnu", nil, false),
        Row("linux/sparc", "sparc", "sparc", "sparc", nil, "sparc-linux-gnu", "sparc", false),
        Row("linux/sparc/v8plus", "sparc32plus", "sparc", "sparc", nil, "sparc-linux-gnu", "sparc", false),
        Row("linux/sparc64", "sparc64", "sparc64", "sparc64", nil, "sparc64-linux-gnu", "sparc64", false),
        Row("linux/tilegx", "tilegx", "tilegx", "tilegx", nil, "tilegx-linux-gnu", nil, false),
        Row("linux/amd64", "x86_64", "x86_64", "amd64", "x86_64", "x86_64-linux-gnu", "amd64", true),
        Row("linux/xtensa", "xtensa", "xtensa", nil, nil, "xtensa-linux-uclibc", nil, false),
        Row("linux/xtensaeb", "xtensaeb", "xtensa", nil, nil, "xtensaeb-linux-uclibc", nil, false),
        Row("linux/arm/v7", "arm", "armv7l", "armhf", "armv7", "arm-linux-gnueabihf", "arm", true),
        Row("linux/arm/v6", "arm", "armv6l", nil, "armhf", "arm-linux-gnueabihf", "arm", true),
        Row("linux/arm/v5", "arm", "armv5tel", "armel", nil, "arm-linux-gnueabi", "arm", true),
    ]

    @Test("are those of every family", arguments: rows)
    func families(row: Row) throws {
        let names = try #require(ArchitectureNames.names(of: try Platform(row.platform)))
        #expect(names.platform.description == row.platform)
        let found = Row(
            row.platform, names.qemu, names.uname, names.debian, names.alpine, names.gnu, names.go, names.isStandard)
        #expect(found == row)
    }

    @Test("are known for every row, and each platform has one row")
    func complete() {
        let platforms = ArchitectureNames.all.map(\.platform.description)
        #expect(Set(platforms) == Set(Self.rows.map(\.platform)))
        #expect(Set(platforms).count == platforms.count)
        #expect(platforms.count == 38)
    }

    /// Names that several platforms go by, and the one that has them.
    static let shared = [
        "arm": "linux/arm/v7", "armhf": "linux/arm/v7", "armel": "linux/arm/v6", "arm-linux-gnueabihf": "linux/arm/v7",
        "mips": "linux/mips", "mips64": "linux/mips64", "mips64el": "linux/mips64le", "microblaze": "linux/microblaze",
        "sh4": "linux/sh4", "sparc": "linux/sparc", "sparc-linux-gnu": "linux/sparc", "xtensa": "linux/xtensa",
    ]

    @Test("all lead to their platform, or to the one of those that share the name", arguments: ArchitectureNames.all)
    func spellings(names: ArchitectureNames) throws {
        for spelling in names.spellings where spelling != "x86" {
            let expected = Self.shared[spelling] ?? names.platform.description
            #expect(try Platform(spelling).description == expected, "\(spelling)")
            #expect(try Platform("linux/" + spelling.uppercased()).description == expected, "\(spelling)")
        }
    }

    @Test(
        "outside the families that people use are known as well",
        arguments: [
            ("x64", "linux/amd64"), ("i586", "linux/386"), ("armv8", "linux/arm64"), ("arm32", "linux/arm/v7"),
            ("armv5l", "linux/arm/v5"), ("armv7", "linux/arm/v7"), ("armv6", "linux/arm/v6"),
            ("sparc32plus", "linux/sparc/v8plus"), ("linux/sparc/v8plus", "linux/sparc/v8plus"),
            ("ppc64abi32", "linux/ppc"), ("riscv", "linux/riscv32"), ("riscv32gc", "linux/riscv32"),
            ("powerpc64le", "linux/ppc64le"), ("armv7b", "linux/armbe"), ("openrisc", "linux/or1k"),
            ("parisc", "linux/hppa"), ("aarch64-linux-gnu", "linux/arm64"), ("arm-linux-gnueabi", "linux/arm/v5"),
            ("linux/arm32/v6", "linux/arm/v6"), ("wasm32", "linux/wasm"),
        ])
    func others(spelling: String, platform: String) throws {
        #expect(try Platform(spelling).description == platform)
    }

    @Test(
        "give Go's, Rust's, GNU's and the official images' words for one platform",
        arguments: [
            ("linux/arm/v6", "arm", "6", "arm", "arm", "arm32v6"),
            ("linux/arm/v5", "arm", "5", "armv5te", "arm", "arm32v5"),
            ("linux/arm64", "arm64", "-", "aarch64", "aarch64", "arm64v8"),
            ("linux/arm64/v8.2", "arm64", "-", "aarch64", "aarch64", "arm64v8"),
            ("linux/386", "386", "-", "i686", "i686", "i386"),
            ("linux/ppc64le", "ppc64le", "-", "powerpc64le", "powerpc64le", "ppc64le"),
            ("linux/alpha", "-", "-", "-", "alpha", "-"),
            ("linux/riscv64", "riscv64", "-", "riscv64gc", "riscv64", "riscv64"),
        ])
    func words(platform: String, go: String, goarm: String, rust: String, processor: String, prefix: String) throws {
        let names = try #require(ArchitectureNames.names(of: try Platform(platform)))
        let found = [names.go, names.goarm, names.rust, names.gnuProcessor, names.imagePrefix].map { $0 ?? "-" }
        #expect(found == [go, goarm, rust, processor, prefix])
    }

    @Test("are none outside Linux and for what no QEMU runs")
    func none() {
        #expect(ArchitectureNames.names(of: Platform(os: "windows", architecture: "amd64")) == nil)
        #expect(ArchitectureNames.names(of: Platform(os: "linux", architecture: "wasm")) == nil)
    }
}
