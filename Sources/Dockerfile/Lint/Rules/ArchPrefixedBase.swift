// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import OCI

extension LintRule {
    static let archPrefixedBase = LintRule(
        "ArchPrefixedBase", "A base of one architecture cannot serve a build for several platforms", kind: .own
    ) { scan in
        let platforms = scan.context.platforms
        guard !platforms.isEmpty else { return [] }
        return scan.countedStages.compactMap { stage in
            guard stage.parent == nil, stage.pin == .target, !scan.context.namedContexts.contains(stage.base),
                !Architecture.isNamed(in: stage.stage), stage.baseUsage.met.isDisjoint(with: GlobalScope.platformNames),
                let prefixed = PrefixedBase(stage.base),
                platforms.contains(where: { $0.architecture != prefixed.platform.architecture }) || platforms.count > 1
            else { return nil }
            return Diagnostic(
                rule: "ArchPrefixedBase",
                message: "Base image \(stage.base) is for \(prefixed.platform) only; use \(prefixed.plainName)",
                lines: stage.stage.lines)
        }
    }
}

/// A base whose repository is for one architecture: `arm32v7/alpine`.
struct PrefixedBase {
    let platform: Platform
    /// The repository that has all platforms.
    let plainName: String

    /// The official images' repositories of one architecture.
    private static let prefixes: Set<String> = [
        "amd64", "arm32v5", "arm32v6", "arm32v7", "arm64v8", "i386", "loong64", "mips64le", "ppc64le", "riscv64",
        "s390x",
    ]

    init?(_ base: String) {
        guard let reference = try? Reference(base), reference.registry == Reference.dockerHub else { return nil }
        let (prefix, rest) = reference.repository.cut(at: "/")
        guard let rest, Self.prefixes.contains(String(prefix)), let platform = try? Platform(String(prefix)) else {
            return nil
        }
        self.platform = platform
        plainName = String(rest) + (reference.digest == nil ? reference.tag.map { ":" + $0 } ?? "" : "")
    }
}
