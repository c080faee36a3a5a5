// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import TestSupport
import Testing

extension Program {
    @Suite("Images in the store, and what is told of images")
    struct ImageStoreTests {
        @Test("an image is pulled, listed, tagged, pushed and taken out again")
        func life() async throws {
            try await Manifold.with { manifold in
                let host = try SharedRegistry.host
                let pulled = try await manifold.run(["pull", "-q", "\(host)/busybox"])
                try #require(pulled.succeeded, pulled.comment)
                let tagged = try await manifold.run(["tag", "\(host)/busybox", "\(host)/stored/app:1", "app:1"])
                try #require(tagged.succeeded, tagged.comment)
                let list = try await manifold.run(["images"])
                #expect(list.output.contains("app:1 ") && list.output.contains("linux/arm64"), list.comment)
                #expect(try await manifold.run(["images", "-q"]).output.hasPrefix(pulled.output))
                let json = try JSONValue(parsing: try await manifold.run(["images", "--json"]).stdout)
                #expect(json.array.count == 3)
                let pushed = try await manifold.run(["push", "-q", "\(host)/stored/app:1"])
                #expect(pushed.output == pulled.output, pushed.comment)
                #expect(
                    try await Program.document("docker://\(host)/stored/app:1")
                        == (try await Program.document("docker://\(host)/busybox:latest")))

                let short = String(pulled.output.dropFirst(7).prefix(12))
                let byDigest = try await manifold.run(["tag", short, "digest:1"])
                try #require(byDigest.succeeded, byDigest.comment)
                #expect(try await manifold.run(["rmi", "digest:1"]).succeeded)
                let told = try await manifold.run(["push", "app:1", "\(host)/stored/told:1"])
                #expect(told.output == pulled.output, told.comment)

                let wrong = try await manifold.run(["rmi", "app:1", "ap:1"])
                #expect(!wrong.succeeded && wrong.errorOutput.contains("did you mean app:1?"), wrong.comment)
                let removed = try await manifold.run(["rmi", "app:1", "\(host)/busybox"])
                try #require(removed.succeeded, removed.comment)
                #expect(try await manifold.run(["images", "-q"]).output == pulled.output)
                let gone = try await manifold.run(["push", "app:1", "\(host)/stored/gone:1"])
                #expect(!gone.succeeded && gone.errorOutput.contains("no image called app:1 in the store"))
                let all = try await manifold.run(["rmi", String(pulled.output.dropLast())])
                try #require(all.succeeded, all.comment)
                #expect(try await manifold.run(["images", "-q"]).output == "")
            }
        }

        @Test("a build takes the image that was pulled as its base, and its result is listed")
        func base() async throws {
            try await Manifold.with { manifold in
                let host = try SharedRegistry.host
                let pulled = try await manifold.run(["pull", "-q", "\(host)/busybox", "local/base:1"])
                try #require(pulled.succeeded, pulled.comment)
                let context = try manifold.context("FROM local/base:1\nLABEL a=b\n")
                let built = try await manifold.build(["-t", "local/result:1", "--platform", "linux/arm64"], context)
                try #require(built.succeeded, built.comment)
                let inspect = try await manifold.run(["inspect", "store:local/result:1"])
                #expect(inspect.output.contains("a=b") && inspect.output.contains("linux/arm64"), inspect.comment)
            }
        }

        @Test("inspect tells of all platforms, of one all, and prints documents byte for byte")
        func inspect() async throws {
            try await Manifold.with { manifold in
                let name = "\(try SharedRegistry.host)/busybox:latest"
                let all = try await manifold.run(["inspect", name])
                for platform in ["linux/amd64", "linux/arm64", "linux/arm/v7", "linux/386"] {
                    #expect(all.output.contains("\n\(platform) "), all.comment)
                }
                let one = try await manifold.run(["inspect", "--platform", "linux/arm/v7", name])
                #expect(one.output.contains("[\"sh\"]") && one.output.contains("HISTORY"), one.comment)
                let raw = try await manifold.run(["inspect", "--raw", name])
                #expect(raw.output == (try await Program.document("docker://\(name)")))
                let json = try JSONValue(parsing: try await manifold.run(["inspect", "--json", name]).stdout)
                #expect(json["images"].array.count == 5)
                let none = try await manifold.run(["inspect", "\(try SharedRegistry.host)/nothing"])
                #expect(none.status == .exited(1) && none.output == "", none.comment)

                let stored = "\(try SharedRegistry.host)/stored-only:1"
                try #require(try await manifold.run(["pull", "-q", name, stored]).succeeded)
                for command in [["inspect"], ["verify"], ["manifest", "who"]] {
                    let asked = try await manifold.run(command + [stored])
                    #expect(asked.errorOutput.contains("store:\(stored)"), asked.comment)
                }
            }
        }

        @Test("the tags of a repository are listed")
        func tags() async throws {
            try await Manifold.with { manifold in
                let host = try SharedRegistry.host
                let copied = try await manifold.run([
                    "copy", "-q", "--platform", "amd64", "\(host)/busybox", "\(host)/tagged:a", "\(host)/tagged:b",
                ])
                try #require(copied.succeeded, copied.comment)
                let list = try await manifold.run(["tags", "\(host)/tagged"])
                #expect(list.output.split(separator: "\n").sorted() == ["a", "b"], list.comment)
                let json = try await manifold.run(["tags", "--json", "\(host)/tagged"])
                #expect(Set(try JSONValue(parsing: json.stdout).strings) == ["a", "b"])
                let image = try await manifold.run(["tags", "\(host)/tagged:a"])
                #expect(!image.succeeded && image.errorOutput.contains("leave out the tag"), image.comment)
            }
        }
    }
}
