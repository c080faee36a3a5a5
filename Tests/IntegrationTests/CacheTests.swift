// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import SystemPackage
import TestSupport
import Testing

extension Program {
    @Suite("What is built again")
    struct CacheTests {
        private static let dockerfile = Program.dockerfile(
            "WORKDIR /work", "COPY one .", "RUN cat one > first", "COPY two .", "RUN cat two > second")

        @Test(
            "nothing when nothing changed, and only what follows from a file that changed",
            arguments: Manifold.Account.available)
        func rebuilds(account: Manifold.Account) async throws {
            try await Manifold.with(account) { manifold in
                let platforms = "linux/amd64,linux/arm64"
                let first = try await Program.build(
                    Self.dockerfile, files: ["one": "1", "two": "2"], platforms: platforms, with: manifold)
                try #require(first.succeeded, first.comment)
                #expect(Set(first.outcomes(of: "RUN")) == ["done"])

                let second = try await Program.build(Self.dockerfile, platforms: platforms, with: manifold)
                let steps = ["WORKDIR", "COPY", "RUN"].flatMap { second.outcomes(of: $0) }
                #expect(Set(steps) == ["cached"] && steps.count >= 7, second.comment)
                #expect(second.digest == first.digest)
                #expect(!second.titles.contains { $0.hasPrefix("pull") })

                try manifold.write("changed", to: manifold.path("context/two"))
                let third = try await Program.build(Self.dockerfile, platforms: platforms, with: manifold)
                #expect(Set(third.outcomes(of: "COPY one")) == ["cached"], third.comment)
                #expect(Set(third.outcomes(of: "RUN cat one")) == ["cached"])
                #expect(Set(third.outcomes(of: "COPY two")) == ["done"])
                #expect(third.outcomes(of: "RUN cat two") == ["done", "done"])
                let image = try ImageLayout(manifold.path("out")).image("linux/arm64")
                let layer = try #require(image.layers.last)
                #expect(try await ImageLayout.content(of: "work/second", in: layer) == Array("changed".utf8))

                let fourth = try await Program.build(Self.dockerfile, ["--no-cache"], with: manifold)
                #expect(fourth.outcomes(of: "RUN") == ["done", "done"], fourth.comment)
            }
        }

        @Test("a file that .dockerignore leaves out changes nothing; a mode does")
        func irrelevantChanges() async throws {
            try await Manifold.with { manifold in
                let dockerfile = Program.dockerfile("COPY . /all/")
                let files = [".dockerignore": "*.log\nDockerfile", "a": "1", "b.log": "1"]
                let first = try await Program.build(dockerfile, files: files, with: manifold)
                #expect(first.outcomes(of: "COPY") == ["done"], first.comment)
                try manifold.write("other", to: manifold.path("context/b.log"))
                try manifold.write("1", to: manifold.path("context/a"))
                let second = try await Program.build(dockerfile, with: manifold)
                #expect(second.outcomes(of: "COPY") == ["cached"], second.comment)
                _ = try await ChildProcess.run("chmod", ["755", manifold.path("context/a").string])
                let third = try await Program.build(dockerfile, with: manifold)
                #expect(third.outcomes(of: "COPY") == ["done"], third.comment)
            }
        }

        @Test("what the registry has is not sent again, and a base of the same registry is not even read")
        func pushesOnlyWhatIsNew() async throws {
            try await Manifold.with { manifold in
                let host = try SharedRegistry.host
                let context = try manifold.context(
                    Program.dockerfile("COPY --link a /a", "LABEL a=1"), files: ["a": "1"])
                let arguments = try Program.busybox + ["--push", "--tag", "\(host)/copied:1"]
                let log = try await manifold.build(arguments, context)
                try #require(log.succeeded, log.comment)
                #expect(!log.titles.contains { $0.hasPrefix("pull") }, log.comment)
                let copy = try await Program.skopeo(
                    "copy", "--src-tls-verify=false", "docker://\(host)/copied:1", "oci:\(manifold.path("copy")):1")
                #expect(copy.succeeded, copy.comment)
            }
        }
    }
}
