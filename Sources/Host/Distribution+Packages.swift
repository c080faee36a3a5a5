// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

extension Distribution {
    /// What may have to be installed.
    public enum Need: Hashable, Sendable {
        /// QEMU's user emulators, linked statically; by QEMU's names where each has a package of its own.
        case emulators([String])
        /// `newuidmap` and `newgidmap`.
        case idMaps
        case git, ssh
        /// The program that loads modules of the kernel.
        case modules
    }

    /// The packages that have it; empty where the distribution has none, or is not known.
    public func packages(for need: Need) -> [String] {
        switch (need, family) {
        case (_, .unknown), (.emulators, .enterprise): []
        case (.emulators, .debian), (.emulators, .fedora): ["qemu-user-static"]
        case (.emulators, .arch): ["qemu-user-static", "qemu-user-static-binfmt"]
        case (.emulators(let targets), .alpine): targets.map { "qemu-\($0)" }
        case (.emulators, .suse): ["qemu-linux-user"]
        case (.idMaps, .debian): ["uidmap"]
        case (.idMaps, .fedora), (.idMaps, .enterprise): ["shadow-utils"]
        case (.idMaps, .arch), (.idMaps, .suse): ["shadow"]
        case (.idMaps, .alpine): ["shadow-uidmap"]
        case (.git, _): ["git"]
        case (.ssh, .debian), (.ssh, .alpine): ["openssh-client"]
        case (.ssh, .fedora), (.ssh, .enterprise), (.ssh, .suse): ["openssh-clients"]
        case (.ssh, .arch): ["openssh"]
        case (.modules, _): ["kmod"]
        }
    }

    /// The command that installs what is needed; nil where the distribution has no package for it.
    public func installation(of need: Need) -> String? {
        let packages = packages(for: need)
        guard !packages.isEmpty else { return nil }
        let installer =
            switch family {
            case .debian: "apt install"
            case .fedora, .enterprise: "dnf install"
            case .arch: "pacman -S"
            case .alpine: "apk add"
            case .suse: "zypper install"
            case .unknown: ""
            }
        return asRoot("\(installer) \(packages.joined(separator: " "))")
    }

    /// A command as its user types it to have it done by root.
    public func asRoot(_ command: String) -> String {
        guard let privilege else {
            let quoted = command.split(separator: "'", omittingEmptySubsequences: false).joined(separator: "'\\''")
            return "su -c '\(quoted)'"
        }
        return privilege.isEmpty ? command : "\(privilege) \(command)"
    }
}
