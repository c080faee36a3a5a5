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

    @Test("columns and lines are there only when there is something to say")
    func columns() {
        let digest = Digest.sha256(of: "a")
        let root = Digest.sha256(of: "b")
        var images = ["amd64", "arm64"].map { architecture in
            BuildSummary.Image(
                platform: Platform(os: "linux", architecture: architecture), digest: digest, size: 4_560_000)
        }
        let name = "registry.example/some/long/name:1"
        let short = digest.short
        #expect(
            BuildSummary(digest: root, images: images, names: [name]).table == """
                PLATFORM      DIGEST         SIZE
                linux/amd64   \(short)   4.56MB
                linux/arm64   \(short)   4.56MB
                index         \(root.short)
                name          \(name)

                """)
        images[0].runTime = RunTime(cachedCount: 2)
        images[1].runTime = RunTime(native: .milliseconds(1200), emulated: .seconds(75), cachedCount: 1)
        for index in images.indices { images[index].passedTests = 2 }
        var summary = BuildSummary(digest: root, images: images, names: [name])
        summary.sharedRunTime = RunTime(native: .seconds(3))
        #expect(
            summary.table == """
                PLATFORM      DIGEST         SIZE     RUN                           TEST
                linux/amd64   \(short)   4.56MB   cached                        2 passed
                linux/arm64   \(short)   4.56MB   1.2s native, 1m15s emulated   2 passed
                shared                                3.0s native
                index         \(root.short)
                name          \(name)

                """)
    }
}
