// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import OCI

/// The arguments that every Dockerfile may declare to learn what is built and where
/// (the Dockerfile reference, "Automatic platform ARGs in the global scope").
enum PlatformArguments {
    /// Name and value, in a stable order; a variant or version that a platform does not have is empty.
    static func values(build: Platform, target: Platform, stageName: String) -> [(name: String, value: String)] {
        list("BUILD", build) + list("TARGET", target) + [("TARGETSTAGE", stageName)]
    }

    private static func list(_ prefix: String, _ platform: Platform) -> [(name: String, value: String)] {
        [
            ("\(prefix)PLATFORM", platform.description),
            ("\(prefix)OS", platform.os),
            ("\(prefix)OSVERSION", platform.osVersion ?? ""),
            ("\(prefix)ARCH", platform.architecture),
            ("\(prefix)VARIANT", platform.variant ?? ""),
        ]
    }
}
