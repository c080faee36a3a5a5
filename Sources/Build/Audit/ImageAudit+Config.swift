// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

package import OCI

extension ImageAudit {
    /// Whether an image says of itself that it is for the platform that somebody else says it is for.
    package mutating func auditConfig(of claimed: Platform, named title: String) {
        let isSame = platform.runnable.contains {
            $0.os == claimed.os && $0.architecture == claimed.architecture
                && (claimed.variant == nil || $0.variant == nil || $0.variant == claimed.variant)
        }
        guard !isSame else { return }
        add(
            .config, "\(title) is for \(claimed) by its config, and is used for \(platform)", at: nil,
            stopsProgram: false, remedy: "look for an image that is for \(platform)")
    }
}
