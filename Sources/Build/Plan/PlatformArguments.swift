// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import OCI

/// The arguments that every Dockerfile may declare to learn what is built and where
/// (the Dockerfile reference, "Automatic platform ARGs in the global scope").
enum PlatformArguments {
    /// Name and value, in a stable order; a variant or version that a platform does not have is empty.
    static func values(build: Platform, target: Platform, stageName: String) -> [(name: String, value: String)] {
        list("BUILD", build) + list("TARGET", target) + [("TARGETSTAGE", stageName)]
            + families("BUILD", build) + families("TARGET", target) + earlier(target)
    }

    /// What those are called that stand for what is built: the standard ones and those of ``NamingFamily``.
    static let names: Set<String> = Set(
        values(build: .host, target: .host, stageName: "").map(\.name))

    private static func list(_ prefix: String, _ platform: Platform) -> [(name: String, value: String)] {
        [
            ("\(prefix)PLATFORM", platform.description),
            ("\(prefix)OS", platform.os),
            ("\(prefix)OSVERSION", platform.osVersion ?? ""),
            ("\(prefix)ARCH", platform.architecture),
            ("\(prefix)VARIANT", platform.variant ?? ""),
        ]
    }

    /// Every other name of the platform, for those who download or configure by it: docs/platforms.md has the table.
    private static func families(_ prefix: String, _ platform: Platform) -> [(name: String, value: String)] {
        NamingFamily.allCases.map { (prefix + $0.rawValue.uppercased(), $0.name(of: platform) ?? "") }
    }

    /// What scripts of earlier years gave their Dockerfiles by --build-arg.
    private static func earlier(_ target: Platform) -> [(name: String, value: String)] {
        let names = ArchitectureNames.names(of: target)
        let prefix = names?.imagePrefix ?? target.architecture
        return [
            ("BASEIMAGE_ARCH", prefix),
            ("THIS_ARCH", prefix),
            ("THIS_ARCH_ALT", (target.architecture == "arm64" ? names?.qemu : names?.debian) ?? target.architecture),
            ("THIS_ARCH_GO", target.architecture),
            ("TARGET_ARCH", (target.architecture == "s390x" ? names?.kernel : names?.qemu) ?? target.architecture),
        ]
    }
}
