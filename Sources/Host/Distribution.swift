// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import Glibc
public import SystemPackage

/// The Linux distribution of a machine, as far as commands differ between them (os-release(5)).
public struct Distribution: Hashable, Sendable {
    /// Distributions that name and install packages in the same way.
    public enum Family: String, Hashable, Sendable, CaseIterable {
        case debian, fedora, enterprise, arch, alpine, suse, unknown
    }

    /// How people call it, as in `Debian GNU/Linux 12 (bookworm)`.
    public let name: String
    public let family: Family
    /// What makes a command one of root's: `sudo`, `doas`; empty for root, nil where neither is there.
    public let privilege: String?

    /// Reads the text of an os-release file.
    public init(osRelease text: String, privilege: String? = "sudo") {
        var fields: [Substring: String] = [:]
        for line in text.split(whereSeparator: \.isNewline) {
            let parts = line.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            if parts.count == 2 { fields[parts[0]] = String(parts[1].filter { $0 != "\"" && $0 != "'" }) }
        }
        let kinds = [fields["ID"] ?? ""] + (fields["ID_LIKE"] ?? "").split(separator: " ").map(String.init)
        family = kinds.lazy.compactMap { Self.families[$0.lowercased()] }.first ?? .unknown
        name = [fields["PRETTY_NAME"], fields["NAME"]].lazy.compactMap(\.self).first { !$0.isEmpty } ?? "Linux"
        self.privilege = privilege
    }

    /// As root sees it, who needs no leave.
    public var forRoot: Distribution { Distribution(name: name, family: family, privilege: "") }

    private init(name: String, family: Family, privilege: String?) {
        (self.name, self.family, self.privilege) = (name, family, privilege)
    }

    /// The distribution whose root directory is given.
    public init(root: FilePath) {
        let texts = ["etc/os-release", "usr/lib/os-release"].lazy.compactMap {
            SystemFile.text(root.pushing(FilePath($0)))
        }
        let programs = ["usr/bin", "bin", "usr/local/bin"]
        let privilege = ["sudo", "doas"].first { name in
            programs.contains { access(root.pushing(FilePath($0)).appending(name).string, X_OK) == 0 }
        }
        self.init(osRelease: texts.first ?? "", privilege: privilege)
    }

    /// That of this machine.
    public static let current = Distribution(root: "/")

    private static let families: [String: Family] = [
        "debian": .debian, "ubuntu": .debian, "fedora": .fedora, "rhel": .enterprise, "centos": .enterprise,
        "rocky": .enterprise, "almalinux": .enterprise, "ol": .enterprise, "arch": .arch, "archlinux": .arch,
        "alpine": .alpine, "suse": .suse, "opensuse": .suse, "sles": .suse, "opensuse-leap": .suse,
        "opensuse-tumbleweed": .suse,
    ]
}
