// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

/// A board or a computer, as its container engine sees it.
public struct Machine: Hashable, Sendable {
    /// What people call it.
    public let name: String
    /// What its engine asks registries for.
    public let platform: Platform
    /// What a person may not expect.
    public let note: String?
    /// Whether its engine asks for the platform only when it is told to.
    public let isTold: Bool

    public init(_ name: String, _ platform: Platform, note: String? = nil, isTold: Bool = false) {
        self.name = name
        self.platform = platform
        self.note = note
        self.isTold = isTold
    }

    /// The machines that `manifest who` shows.
    public static let known: [Machine] = [
        machine("PC, server, Intel Mac", "amd64", note: "engines ask for plain amd64, however new the processor is"),
        told("PC told amd64/v2 (2009 on)", "amd64", "v2"),
        told("PC told amd64/v3 (Haswell on)", "amd64", "v3"),
        told("PC told amd64/v4 (AVX-512)", "amd64", "v4"),
        machine("32-bit PC", "386"),
        machine("Apple silicon (Docker Desktop, podman)", "arm64"),
        machine("AWS Graviton, Ampere, other arm64 servers", "arm64"),
        machine("Raspberry Pi 3, 4, 5, Zero 2 (64-bit)", "arm64"),
        machine(
            "Raspberry Pi 3, 4, 5, Zero 2 (32-bit system, 64-bit kernel)", "arm", "v8",
            note: "the processor says v8; 64-bit images do not run"),
        machine("Raspberry Pi 3, 4 (32-bit system and kernel)", "arm", "v7"),
        machine("Raspberry Pi 2", "arm", "v7"),
        machine("Raspberry Pi 1, Zero, Zero W", "arm", "v6"),
        machine("Odroid C2, C4, N2 (64-bit)", "arm64"),
        machine("Odroid XU4, HC1", "arm", "v7"),
        machine("BeagleBone Black", "arm", "v7"),
        machine("NAS with ARMv5 (Kirkwood)", "arm", "v5"),
        machine("IBM Z, LinuxONE", "s390x"),
        machine("IBM Power (little-endian)", "ppc64le"),
        machine("RISC-V board (VisionFive 2, Unmatched)", "riscv64"),
        machine("LoongArch PC (3A5000 on)", "loong64"),
        machine("Loongson 3A (mips64le)", "mips64le"),
        machine("MIPS router (mipsle)", "mipsle"),
    ]

    private static func machine(
        _ name: String, _ architecture: String, _ variant: String? = nil, note: String? = nil
    ) -> Machine {
        Machine(name, Platform(os: "linux", architecture: architecture, variant: variant), note: note)
    }

    private static func told(_ name: String, _ architecture: String, _ variant: String) -> Machine {
        let platform = Platform(os: "linux", architecture: architecture, variant: variant)
        return Machine(name, platform, note: "only with --platform \(platform)", isTold: true)
    }
}
