// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import Build
import Commands
import OCI
import Testing

@Suite struct SummaryTableTests {
    @Test("what a copied list calls its platforms commands no terminal")
    func control() {
        let platform = Platform(os: "linux", architecture: "amd64\u{1B}[31m\u{1B}]0;x\u{7}")
        let step = BuildStep(id: 1, platforms: [platform], title: "copy")
        #expect(step.label == "[linux/amd64[31m]0;x] copy")
        let digest = Digest.sha256(of: "a")
        let summary = BuildSummary(
            digest: digest, images: [.init(platform: platform, digest: digest, size: 1)], names: [])
        #expect(!summary.table.unicodeScalars.contains { $0.value < 0x20 && $0 != "\n" })
    }
}
