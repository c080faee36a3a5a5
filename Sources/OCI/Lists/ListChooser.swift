// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

/// The entries of a list as the clients of one rule see them.
struct ListChooser {
    private let rule: ClientRule
    /// The first entry of each platform, as the rule reads platforms.
    private let first: [PlatformKey: Int]
    private let entries: [WrittenEntry]

    init(_ rule: ClientRule, _ list: WrittenIndex) {
        self.rule = rule
        entries = list.entries
        var first: [PlatformKey: Int] = [:]
        for (position, entry) in list.entries.enumerated() {
            guard let platform = entry.platform, !platform.isUnknown else { continue }
            if case .attestation = entry.role { continue }
            let key = Self.key(of: platform, by: rule)
            if first[key] == nil { first[key] = position }
        }
        self.first = first
    }

    func pick(for platform: Platform) -> Pick {
        for wanted in wanted(platform) {
            if let position = first[wanted] { return judge(position, for: platform) }
        }
        return .nothing
    }

    /// What a client would pick if an entry were for another platform.
    func pick(for platform: Platform, ifEntry position: Int, wereFor other: WrittenPlatform) -> Pick {
        let key = Self.key(of: other, by: rule)
        for wanted in wanted(platform) {
            let found = first[wanted].flatMap { $0 == position ? nil : $0 }
            if wanted == key, found.map({ $0 > position }) ?? true {
                return judge(position, other, for: platform)
            }
            if let found { return judge(found, for: platform) }
        }
        return .nothing
    }

    private static func key(of platform: WrittenPlatform, by rule: ClientRule) -> PlatformKey {
        switch rule {
        case .containerd: platform.key
        case .podman: PlatformKey(exactly: platform, variant: platform.variant)
        case .firstMatch: PlatformKey(exactly: platform, variant: nil)
        }
    }

    func wanted(_ platform: Platform) -> [PlatformKey] {
        let own = PlatformKey(platform)
        switch rule {
        case .containerd: return platform.runnable.map(PlatformKey.init)
        case .firstMatch: return [own.with(variant: nil)]
        case .podman:
            // Its table ends at v7: a v8 in 32-bit mode finds only itself and what has no variant.
            let variants: [String?] =
                switch (platform.architecture, platform.variant) {
                case ("arm64", nil): ["v8", nil]
                case ("arm", "v7"?): ["v7", "v6", "v5", nil]
                case ("arm", "v6"?): ["v6", "v5", nil]
                case (_, let variant?): [variant, nil]
                case (_, nil): [nil]
                }
            return variants.map { own.with(variant: $0) }
        }
    }

    /// Whether what was chosen runs, by what the entry says it is.
    private func judge(_ position: Int, for platform: Platform) -> Pick {
        guard let written = entries[position].platform else { return .nothing }
        return judge(position, written, for: platform)
    }

    private func judge(_ position: Int, _ written: WrittenPlatform, for platform: Platform) -> Pick {
        let chosen = PlatformKey(written.platform)
        if chosen == PlatformKey(platform) { return .exact(position) }
        guard platform.runnable.contains(where: { PlatformKey($0) == chosen }) else { return .wrong(position) }
        return chosen.architecture == platform.architecture ? .older(position) : .sister(position)
    }
}

extension PlatformKey {
    /// As written, for clients that compare letter for letter.
    init(exactly written: WrittenPlatform, variant: String?) {
        os = written.os
        architecture = written.architecture
        self.variant = variant
    }

    func with(variant: String?) -> PlatformKey {
        var key = self
        key.variant = variant
        return key
    }
}
