// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import TestSupport
import Testing

/// What the built program does, with a real registry, real emulators and real base images.
///
/// One test at a time: each keeps the processors busy by itself, and other tests look at the clock.
@Suite(.serialized, .registry("busybox"), .requiresProgram("docker-registry", "skopeo", "umoci", "qemu-aarch64-static"))
enum Program {}

extension BuildLog {
    /// What a test shows when it fails.
    var comment: Comment { "\(self)" }
}

extension ChildProcess.Result {
    /// What a test shows when it fails.
    var comment: Comment { "\(self)" }
}
