// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

/// What one platform of Linux is called by those who build for it.
///
/// The names of platforms that no Go port has are proposals: the name that Go keeps for it, else QEMU's.
public struct ArchitectureNames: Hashable, Sendable {
    /// The architecture as image lists write it (image-index.md, "platform").
    public let architecture: String
    /// The variant as image lists write it, where the architecture has several.
    public let variant: String?
    /// QEMU's name, as in `qemu-aarch64`.
    public let qemu: String
    /// What `uname -m` says there; 32-bit and little-endian sisters often say the same.
    public let uname: String
    /// Debian's port, or nil.
    public let debian: String?
    /// Alpine's port, or nil.
    public let alpine: String?
    /// The prefix of GNU's tools, as in `aarch64-linux-gnu`.
    public let gnu: String
    /// What Rust's targets for it begin with, or nil.
    public let rust: String?
    /// `GOARCH`, or the name that Go keeps for a port to come, or nil.
    public let go: String?
    /// What Docker's official images put before their names, as in `arm32v7`, or nil.
    public let imagePrefix: String?
    /// Whether Go has a port, so that every registry and client knows the platform's name.
    public let isStandard: Bool
    /// Spellings of no family above, and those of kernels and distributions that are not current any more.
    public let others: [String]

    /// `GOARM` of 32-bit ARM.
    public var goarm: String? { architecture == "arm" ? variant.map { String($0.dropFirst()) } : nil }

    /// The processor in the prefix of GNU's tools, as in `powerpc64le`.
    public var gnuProcessor: String { String(gnu.prefix { $0 != "-" }) }

    /// Rust's target that links with the GNU C library, as in `armv7-unknown-linux-gnueabihf`.
    ///
    /// Rust names the C library and its ABI as GNU does; its targets for musl differ in that word alone.
    public var rustTarget: String? {
        guard let rust, let library = gnu.split(separator: "-").last else { return nil }
        return "\(rust)-unknown-linux-\(library)"
    }

    /// What the kernel's makefiles take as `ARCH`: both widths and both byte orders mostly share one
    /// (linux/Makefile, "SRCARCH").
    public var kernel: String {
        switch architecture {
        case "amd64": "x86_64"
        case "386": "i386"
        case "arm64", "arm64be": "arm64"
        case "arm", "armbe": "arm"
        case "hppa": "parisc"
        case "loong64": "loongarch"
        case "or1k": "openrisc"
        case "s390x": "s390"
        case "sh4", "sh4eb": "sh"
        case "tilegx": "tile"
        case let name where name.hasPrefix("mips"): "mips"
        case let name where name.hasPrefix("ppc"): "powerpc"
        case let name where name.hasPrefix("riscv"): "riscv"
        case "microblazeel": "microblaze"
        case "xtensaeb": "xtensa"
        default: architecture
        }
    }

    /// The platform.
    public var platform: Platform { Platform(os: "linux", architecture: architecture, variant: variant) }

    /// Every name, canonical ones first.
    public var spellings: [String] {
        let families = [
            architecture, go, qemu, debian, imagePrefix, alpine, uname, gnu, gnuProcessor, rust,
            variant.map { architecture + $0 },
        ]
        var seen: Set<String> = []
        return (families.compactMap { $0 } + others).filter { seen.insert($0).inserted }
    }

    /// The names of `platform`, or nil when it is not of Linux or has none; a variant without names of its own goes by
    /// those of its architecture.
    public static func names(of platform: Platform) -> ArchitectureNames? {
        guard platform.os == "linux" else { return nil }
        let rows = all.filter { $0.architecture == platform.architecture }
        return rows.first { $0.variant == platform.variant } ?? rows.first { $0.variant == nil } ?? rows.first
    }

    init(
        _ architecture: String, _ variant: String? = nil, qemu: String? = nil, uname: String? = nil,
        debian: String? = nil, alpine: String? = nil, gnu: String, rust: String? = nil, go: String? = nil,
        imagePrefix: String? = nil, isStandard: Bool = false, others: [String] = []
    ) {
        self.architecture = architecture
        self.variant = variant
        self.qemu = qemu ?? architecture
        self.uname = uname ?? self.qemu
        self.debian = debian
        self.alpine = alpine
        self.gnu = gnu
        self.rust = rust
        self.go = go ?? (isStandard ? architecture : nil)
        self.imagePrefix = imagePrefix
        self.isStandard = isStandard
        self.others = others
    }
}

extension Platform {
    /// Whether registries and clients know the platform's name: Go has a port, or the system is not Linux.
    public var isStandard: Bool { os != "linux" || ArchitectureNames.names(of: self)?.isStandard ?? false }
}
