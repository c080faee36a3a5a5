// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import SystemPackage
import TestSupport
import Testing

extension Program {
    @Suite("The same again")
    struct ReproducibilityTests {
        @Test(
            "root and an ordinary user, in fresh stores, make the same images of the same inputs",
            .requiresRoot("it takes two users"))
        func sameBytes() async throws {
            let dockerfile = Program.dockerfile(
                "ARG TARGETPLATFORM", "WORKDIR /work", "COPY --chown=33:33 files /files",
                "RUN mkdir made && echo $TARGETPLATFORM > made/a && chown -R 7:8 made && ln made/a made/b && touch now",
                "RUN cp /work/now /work/copy; rm -r /srv; touch /usr/bin/new", "USER www-data", "WORKDIR theirs"
            )
            var digests: [String: Set<String>] = [:]
            for (account, wait) in [(Manifold.Account.ordinary, 0), (.root, 0), (.ordinary, 1)] {
                if wait > 0 { try await Task.sleep(for: .seconds(1.1)) }
                try await Manifold.with(account) { manifold in
                    let log = try await Program.build(
                        dockerfile, files: ["files/one": "1", "files/sub/two": "2"],
                        platforms: "linux/amd64,linux/arm64", with: manifold,
                        .environment(["SOURCE_DATE_EPOCH": "1700000000"]))
                    try #require(log.succeeded, log.comment)
                    let layout = ImageLayout(manifold.path("out"))
                    for platform in ["linux/amd64", "linux/arm64"] {
                        let image = try layout.image(platform)
                        digests[platform, default: []].insert(image.layerDigests.joined(separator: "\n"))
                        #expect(image.config["created"] == "2023-11-14T22:13:20Z")
                    }
                    digests["index", default: []].insert(try #require(log.digest))
                }
            }
            for (name, digests) in digests { #expect(digests.count == 1, "\(name)") }
        }

        @Test(
            "the commit's time stands for now in a clean checkout, and in no other", .requiresProgram("git"),
            .requiresRoot("makes a checkout for root"))
        func cleanCheckout() async throws {
            try await Manifold.with(.root) { manifold in
                let context = try manifold.context("FROM scratch\nCOPY a /a\n", files: ["a": "1"])
                let script = """
                    git init -q . && git add . && git -c user.name=n -c user.email=e commit -q -m m --date=@1600000000
                    """
                let made = try await ChildProcess.run(
                    "sh", ["-ec", script],
                    environment: ["PATH": "/usr/bin:/bin", "GIT_COMMITTER_DATE": "@1600000000 +0000"],
                    workingDirectory: context)
                try #require(made.succeeded, "\(made.errorOutput)")
                func created() async throws -> JSONValue? {
                    let log = try await manifold.build(
                        ["--platform", "linux/amd64"] + Program.layout(manifold), context, Manifold.Setting())
                    try #require(log.succeeded, log.comment)
                    return try ImageLayout(manifold.path("out")).image("linux/amd64").config["created"]
                }
                #expect(try await created() == "2020-09-13T12:26:40Z")
                try await timesAreRewritten(context, manifold)
                _ = try manifold.context("FROM scratch\nCOPY a /a\n", files: ["a": "2"])
                let dirty = try await created()
                #expect(dirty != "2020-09-13T12:26:40Z" && dirty != nil)
            }
        }

        /// A layer that a build without an epoch made has the file's own time, unless the output wants it rewritten.
        private func timesAreRewritten(_ checkout: FilePath, _ manifold: Manifold) async throws {
            let file = "FROM scratch\nCOPY a /b\n"
            let other = try manifold.context(file, files: ["a": "1"], name: "other")
            let first = try await manifold.build(["-f", "\(other)/Dockerfile"] + ["-o", "type=cacheonly"], other)
            try #require(first.succeeded, first.comment)
            let (kept, rewritten) = (manifold.path("kept"), manifold.path("rewritten"))
            let log = try await manifold.build(
                [
                    "-f", "\(other)/Dockerfile", "-o", "type=oci,tar=false,dest=\(kept)", "-o",
                    "type=oci,tar=false,dest=\(rewritten),rewrite-timestamp=true",
                ], checkout)
            try #require(log.succeeded, log.comment)
            #expect(log.outcomes(of: "COPY") == ["cached"], log.comment)
            for (layout, isOld) in [(kept, false), (rewritten, true)] {
                let image = try ImageLayout(layout).image("linux/amd64")
                let list = try await ChildProcess.run(
                    "tar", ["--list", "--verbose", "--utc", "--gzip", "--file", image.layers[0].string])
                #expect(list.output.contains("2020-09-13 12:26") == isOld, list.comment)
                let diffID = try await ChildProcess.run("sh", ["-c", "gzip -dc \(image.layers[0]) | sha256sum"])
                let expected = image.config["rootfs"]["diff_ids"][0].string?.dropFirst(7) ?? "none"
                #expect(diffID.output.hasPrefix(expected), diffID.comment)
            }
        }
    }
}
