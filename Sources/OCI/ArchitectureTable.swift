// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

/// The spellings of architectures: Go's, which are canonical, and those of kernels, distributions and QEMU.
enum ArchitectureTable {
    /// What a spelling stands for.
    struct Alias: Sendable {
        var architecture: String
        var variant: String?
    }

    /// The architecture that a lower-case spelling names, or nil.
    static func alias(_ spelling: String) -> Alias? { table[spelling] }

    /// Every spelling, for suggestions.
    static let spellings: [String] = table.keys.sorted()

    /// The variants of an architecture, oldest first; the first of amd64 is its plain form, sparc's plain form is v8.
    static func variants(of architecture: String) -> [String] {
        switch architecture {
        case "arm": ["v5", "v6", "v7", "v8"]
        case "amd64": ["v1", "v2", "v3", "v4"]
        case "ppc64le": ["power8", "power9", "power10"]
        case "riscv64": ["rva20u64", "rva22u64", "rva23u64"]
        case "sparc": ["v8plus"]
        default: []
        }
    }

    /// What a 64-bit ARM of a version runs besides its own, newest first: the versions below, where v9.N is v8.(N+5)
    /// and more (Arm's architecture manual; containerd's `platforms`).
    static func olderArm64(_ variant: String?) -> [String] {
        guard let version = arm64Version(variant ?? "v8") else { return variant == nil ? [] : ["v8"] }
        var list: [String] = []
        var newest = version.minor - 1
        if version.major == 9 {
            list += stride(from: version.minor - 1, through: 0, by: -1).map { $0 == 0 ? "v9" : "v9.\($0)" }
            newest = version.minor + 5
        }
        return list + stride(from: newest, through: 0, by: -1).map { $0 == 0 ? "v8" : "v8.\($0)" }
    }

    /// The version in a variant of `arm64`, as in `v8.2`.
    static func arm64Version(_ variant: String) -> (major: Int, minor: Int)? {
        guard variant.first == "v" else { return nil }
        let parts = variant.dropFirst().split(separator: ".", omittingEmptySubsequences: false)
        guard (1...2).contains(parts.count), let major = Int(parts[0]), (8...9).contains(major) else { return nil }
        guard parts.count == 2 else { return (major, 0) }
        guard let minor = Int(parts[1]), (0...9).contains(minor) else { return nil }
        return (major, minor)
    }

    /// Whether `variant` may follow `architecture`.
    static func isVariant(_ variant: String, of architecture: String) -> Bool {
        let known = variants(of: architecture)
        if known.contains(variant) || known.contains("v" + variant) { return true }
        switch architecture {
        case "arm":
            return variant.hasPrefix("armv") && known.contains(String(variant.dropFirst(3)))
        case "arm64":
            let number = variant.hasPrefix("armv") ? variant.dropFirst(4) : variant.drop { $0 == "v" }
            let parts = number.split(separator: ".", omittingEmptySubsequences: false).map { Int($0) }
            guard let major = parts.first ?? nil, parts.count <= 2 else { return false }
            return (8...9).contains(major) && (parts.count == 1 || (0...9).contains((parts[1] ?? -1)))
        default: return false
        }
    }

    /// The words that ``ArchitectureNames`` gives, but no word that means several architectures.
    private static let table: [String: Alias] = {
        var table: [String: Alias] = [
            "wasm": Alias(architecture: "wasm"), "wasm32": Alias(architecture: "wasm"),
            // As containerd's `platforms` reads it; Debian's runs on v5.
            "armel": Alias(architecture: "arm", variant: "v6"),
            // Says no variant, so that one may follow.
            "arm32": Alias(architecture: "arm"),
        ]
        // An architecture's own name, and QEMU's, come before what another goes by as well.
        for names in ArchitectureNames.all where table[names.architecture] == nil {
            table[names.architecture] = Alias(architecture: names.architecture)
        }
        for names in ArchitectureNames.all where table[names.qemu] == nil {
            table[names.qemu] = Alias(architecture: names.architecture, variant: names.variant)
        }
        for names in ArchitectureNames.all {
            for spelling in names.spellings where table[spelling] == nil && spelling != "x86" {
                table[spelling] = Alias(architecture: names.architecture, variant: names.variant)
            }
        }
        return table
    }()
}
