// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

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
    }
}
