// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

extension ArchitectureNames {
    /// Every platform that some QEMU emulates, newest variant first: of two that share a name the first has it, unless
    /// the name is the other's own.
    public static let all: [ArchitectureNames] = standard + others

    /// What Go has ports to.
    private static let standard: [ArchitectureNames] = [
        ArchitectureNames(
            "amd64", qemu: "x86_64", debian: "amd64", alpine: "x86_64", gnu: "x86_64-linux-gnu", rust: "x86_64",
            imagePrefix: "amd64", isStandard: true, others: ["x86-64", "x64"]),
        ArchitectureNames(
            "386", qemu: "i386", uname: "i686", debian: "i386", alpine: "x86", gnu: "i686-linux-gnu", rust: "i686",
            imagePrefix: "i386", isStandard: true, others: ["i486", "i586"]),
        ArchitectureNames(
            "arm64", qemu: "aarch64", debian: "arm64", alpine: "aarch64", gnu: "aarch64-linux-gnu", rust: "aarch64",
            imagePrefix: "arm64v8", isStandard: true, others: ["armv8l", "armv8"]),
        ArchitectureNames(
            "arm", "v7", uname: "armv7l", debian: "armhf", alpine: "armv7", gnu: "arm-linux-gnueabihf", rust: "armv7",
            imagePrefix: "arm32v7", isStandard: true, others: ["armv7h", "armv7hl"]),
        ArchitectureNames(
            "arm", "v6", uname: "armv6l", alpine: "armhf", gnu: "arm-linux-gnueabihf", rust: "arm",
            imagePrefix: "arm32v6", isStandard: true, others: ["armv6h", "armv6hl"]),
        ArchitectureNames(
            "arm", "v5", uname: "armv5tel", debian: "armel", gnu: "arm-linux-gnueabi", rust: "armv5te",
            imagePrefix: "arm32v5", isStandard: true, others: ["armv5l"]),
        ArchitectureNames(
            "loong64", qemu: "loongarch64", debian: "loong64", alpine: "loongarch64", gnu: "loongarch64-linux-gnu",
            rust: "loongarch64", imagePrefix: "loong64", isStandard: true),
        ArchitectureNames("mips", debian: "mips", gnu: "mips-linux-gnu", rust: "mips", isStandard: true),
        ArchitectureNames(
            "mipsle", qemu: "mipsel", uname: "mips", debian: "mipsel", gnu: "mipsel-linux-gnu", rust: "mipsel",
            isStandard: true),
        ArchitectureNames(
            "mips64", debian: "mips64", alpine: "mips64", gnu: "mips64-linux-gnuabi64", rust: "mips64",
            isStandard: true),
        ArchitectureNames(
            "mips64le", qemu: "mips64el", uname: "mips64", debian: "mips64el", gnu: "mips64el-linux-gnuabi64",
            rust: "mips64el", imagePrefix: "mips64le", isStandard: true),
        ArchitectureNames(
            "ppc64", debian: "ppc64", gnu: "powerpc64-linux-gnu", rust: "powerpc64", isStandard: true),
        ArchitectureNames(
            "ppc64le", debian: "ppc64el", alpine: "ppc64le", gnu: "powerpc64le-linux-gnu", rust: "powerpc64le",
            imagePrefix: "ppc64le", isStandard: true),
        ArchitectureNames(
            "riscv64", debian: "riscv64", alpine: "riscv64", gnu: "riscv64-linux-gnu", rust: "riscv64gc",
            imagePrefix: "riscv64", isStandard: true),
        ArchitectureNames(
            "s390x", debian: "s390x", alpine: "s390x", gnu: "s390x-linux-gnu", rust: "s390x", imagePrefix: "s390x",
            isStandard: true),
    ]

    /// What Go has no port to.
    private static let others: [ArchitectureNames] = [
        ArchitectureNames(
            "arm64be", qemu: "aarch64_be", gnu: "aarch64_be-linux-gnu", rust: "aarch64_be", go: "arm64be"),
        ArchitectureNames("alpha", debian: "alpha", gnu: "alpha-linux-gnu"),
        ArchitectureNames(
            "armbe", qemu: "armeb", uname: "armv7b", debian: "armeb", gnu: "armeb-linux-gnueabi", rust: "armeb",
            go: "armbe", others: ["armv5teb", "armv6b"]),
        ArchitectureNames("cris", gnu: "cris-linux-gnu"),
        ArchitectureNames("hexagon", gnu: "hexagon-unknown-linux-musl", rust: "hexagon"),
        ArchitectureNames("hppa", uname: "parisc", debian: "hppa", gnu: "hppa-linux-gnu"),
        ArchitectureNames("m68k", debian: "m68k", gnu: "m68k-linux-gnu", rust: "m68k"),
        ArchitectureNames("microblaze", gnu: "microblaze-linux-gnu"),
        ArchitectureNames("microblazeel", uname: "microblaze", gnu: "microblazeel-linux-gnu"),
        ArchitectureNames(
            "mips64p32", qemu: "mipsn32", uname: "mips64", debian: "mipsn32", gnu: "mips64-linux-gnuabin32",
            go: "mips64p32"),
        ArchitectureNames(
            "mips64p32le", qemu: "mipsn32el", uname: "mips64", debian: "mipsn32el", gnu: "mips64el-linux-gnuabin32",
            go: "mips64p32le"),
        ArchitectureNames("nios2", debian: "nios2", gnu: "nios2-linux-gnu"),
        ArchitectureNames("or1k", uname: "openrisc", debian: "or1k", gnu: "or1k-linux-musl"),
        ArchitectureNames(
            "ppc", debian: "powerpc", gnu: "powerpc-linux-gnu", rust: "powerpc", go: "ppc", others: ["ppc64abi32"]),
        ArchitectureNames("riscv32", gnu: "riscv32-linux-gnu", rust: "riscv32gc", go: "riscv"),
        ArchitectureNames("sh4", debian: "sh4", gnu: "sh4-linux-gnu"),
        ArchitectureNames("sh4eb", uname: "sh4", debian: "sh4eb", gnu: "sh4eb-linux-gnu"),
        ArchitectureNames("sparc", debian: "sparc", gnu: "sparc-linux-gnu", rust: "sparc", go: "sparc"),
        ArchitectureNames(
            "sparc", "v8plus", qemu: "sparc32plus", uname: "sparc", debian: "sparc", gnu: "sparc-linux-gnu",
            go: "sparc"),
        ArchitectureNames("sparc64", debian: "sparc64", gnu: "sparc64-linux-gnu", rust: "sparc64", go: "sparc64"),
        ArchitectureNames("tilegx", debian: "tilegx", gnu: "tilegx-linux-gnu"),
        ArchitectureNames("xtensa", gnu: "xtensa-linux-uclibc"),
        ArchitectureNames("xtensaeb", uname: "xtensa", gnu: "xtensaeb-linux-uclibc"),
    ]
}
