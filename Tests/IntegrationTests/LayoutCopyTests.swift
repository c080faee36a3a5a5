// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import FoundationEssentials
import Glibc
import SystemPackage
import TestSupport
import Testing

extension Program {
    @Suite("OCI layouts that several programs write to")
    struct LayoutCopyTests {
        private func names(_ layout: FilePath) throws -> [String] {
            try JSONValue(parsing: Array(Data(contentsOf: URL(filePath: layout.appending("index.json").string))))[
                "manifests"
            ].array.compactMap { $0["annotations"]["org.opencontainers.image.ref.name"].string }
        }

        @Test("of eight copies at once each finds its tag there; so do skopeo and umoci", .requiresProgram("umoci"))
        func atOnce() async throws {
            try await Manifold.with { manifold in
                let base = try await BaseImages.layout("busybox")
                let layout = manifold.path("layout")
                let tags = (1...8).map { "t\($0)" }
                try await withThrowingTaskGroup(of: Void.self) { group in
                    for tag in tags {
                        group.addTask {
                            let result = try await manifold.run(["copy", "-q", "oci:\(base)", "oci:\(layout):\(tag)"])
                            #expect(result.succeeded, result.comment)
                        }
                    }
                    try await group.waitForAll()
                }
                #expect(try names(layout).sorted() == tags)
                #expect(try await ChildProcess.run("ls", [layout.string]).output == "blobs\nindex.json\noci-layout\n")
                let umoci = try await ChildProcess.run("umoci", ["ls", "--layout", layout.string])
                #expect(Set(umoci.output.split(separator: "\n").map(String.init)) == Set(tags), umoci.comment)

                // What others put there stays, and they read what is put there.
                let theirs = try await Program.skopeo("copy", "--all", "oci:\(base):latest", "oci:\(layout):skopeo")
                #expect(theirs.succeeded, theirs.comment)
                let ours = try await Program.build(
                    "FROM scratch\nCOPY a /\n", files: ["a": "1"],
                    ["--output", "type=oci,tar=false,dest=\(layout)", "--tag", "example.org/built:1"], with: manifold)
                #expect(ours.succeeded, ours.comment)
                #expect(try Set(names(layout)) == Set(tags + ["skopeo", "1"]))
                let read = try await Program.skopeo("copy", "oci:\(layout):1", "oci:\(manifold.path("judge")):1")
                #expect(read.succeeded, read.comment)
            }
        }

        @Test("a copy that is killed at any moment leaves the layout readable, with all that it had")
        func killed() async throws {
            try await Manifold.with { manifold in
                let base = try await BaseImages.layout("debian-gcc")
                let small = try await BaseImages.layout("busybox")
                let layout = manifold.path("layout")
                let first = try await manifold.run(["copy", "-q", "oci:\(small)", "oci:\(layout):first"])
                try #require(first.succeeded, first.comment)
                for (round, milliseconds) in [5, 20, 40, 60, 90, 150, 250].enumerated() {
                    let child = try manifold.start(["copy", "-q", "oci:\(base)", "oci:\(layout):second-\(round)"])
                    try await Task.sleep(for: .milliseconds(milliseconds))
                    child.kill(SIGKILL)
                    _ = try? await child.wait(timeout: .seconds(20))
                    #expect(try names(layout).contains("first"))
                }
                let blobs = try await ChildProcess.run("ls", [layout.appending("blobs/sha256").string])
                #expect(blobs.output.split(separator: "\n").allSatisfy { $0.count == 64 })
                let after = try await manifold.run(["copy", "-q", "oci:\(base)", "oci:\(layout):after"])
                #expect(after.succeeded, after.comment)
                for tag in ["first", "after"] {
                    let judge = try await Program.skopeo(
                        "copy", "--all", "oci:\(layout):\(tag)", "oci:\(manifold.path("judge")):\(tag)")
                    #expect(judge.succeeded, judge.comment)
                }
            }
        }
    }
}
