// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import FoundationEssentials
import OCI
import SystemPackage
import TestSupport
import Testing

extension Program {
    @Suite("ADD of what is on the network")
    struct AddRemoteTests {
        private func build(
            _ instructions: String, _ manifold: Manifold, files: [String: String] = [:], _ arguments: [String] = [],
            _ setting: Manifold.Setting = Manifold.Setting()
        ) async throws -> BuildLog {
            let context = try manifold.context("FROM scratch\n\(instructions)\n", files: files)
            return try await manifold.build(
                ["--platform", "linux/amd64,linux/arm64"] + Program.layout(manifold) + arguments, context, setting)
        }

        private func layer(_ manifold: Manifold, fromTop: Int = 0) throws -> FilePath {
            let image = try ImageLayout(manifold.path("out")).image("linux/amd64")
            return try #require(image.layers.dropLast(fromTop).last)
        }

        @Test("a file gets its name, mode 0600 and its server's time, is fetched once, and asked for by its version")
        func files() async throws {
            try await Manifold.with { manifold in
                try await TestWebServer.with { server in
                    let headers = ["ETag": "\"1\"", "Last-Modified": "Fri, 02 Jan 1970 00:00:00 GMT"]
                    server["/d/file.txt"] = .init("content", headers: headers)
                    server["/bare"] = .init([], status: 302, headers: ["Location": "/d/file.txt"])
                    let instructions = """
                        ARG NAME=file
                        ADD \(server.address)/d/${NAME}.txt?x=1 here.txt /dir/
                        ADD --chmod=755 --chown=3:4 --link \(server.address)/bare /bin/tool
                        """
                    let log = try await build(instructions, manifold, files: ["here.txt": "2"])
                    try #require(log.succeeded, log.comment)
                    let first = try await ImageLayout.entries(of: try layer(manifold, fromTop: 1))
                    #expect(
                        first == [
                            "drwxr-xr-x 0/0 dir/", "-rw------- 0/0 dir/file.txt", "-rw-r--r-- 0/0 dir/here.txt",
                        ], "\(first)")
                    let second = try await ImageLayout.entries(of: try layer(manifold))
                    #expect(second == ["drwxr-xr-x 3/4 bin/", "-rwxr-xr-x 3/4 bin/tool"], "\(second)")
                    let time = try await ChildProcess.run(
                        "tar", ["--list", "--verbose", "--utc", "--gzip", "--file", try layer(manifold).string])
                    #expect(time.output.contains("1970-01-02 00:00"), time.comment)
                    #expect(server.requests.count == 3)

                    server.clearRequests()
                    let again = try await build(instructions, manifold, files: ["here.txt": "2"])
                    #expect(again.outcomes(of: "ADD") == ["cached", "cached"], again.comment)
                    #expect(again.digest == log.digest)
                    #expect(server.requests.first?.headers["if-none-match"] == "\"1\"")

                    server["/d/file.txt"] = .init("changed", headers: ["ETag": "\"2\""])
                    let changed = try await build(instructions, manifold, files: ["here.txt": "2"])
                    #expect(changed.outcomes(of: "ADD") == ["done", "done"], changed.comment)
                    let content = try await ImageLayout.content(of: "bin/tool", in: try layer(manifold))
                    #expect(content == Array("changed".utf8))
                }
            }
        }

        @Test("a checksum is held against the file, and needs no server the next time")
        func checksums() async throws {
            try await Manifold.with { manifold in
                let digest = Digest.sha256(of: "content")
                let instruction = try await TestWebServer.with { server in
                    server["/f"] = .init("content")
                    let instruction = "ADD --checksum=\(digest) \(server.address)/f /"
                    let log = try await build(instruction, manifold)
                    try #require(log.succeeded, log.comment)
                    server["/f"] = .init("evil")
                    server.clearRequests()
                    let again = try await build(instruction, manifold)
                    #expect(again.succeeded && server.requests.isEmpty, again.comment)
                    let wrong = Digest.sha256(of: "other")
                    let failed = try await build("ADD --checksum=\(wrong) \(server.address)/f /", manifold)
                    #expect(failed.result.status == .exited(1))
                    #expect(
                        failed.message.contains("\(Digest.sha256(of: "evil")) (expected: \(wrong))"), failed.comment)
                    return instruction
                }
                let offline = try await build(instruction, manifold)
                #expect(offline.succeeded, offline.comment)
            }
        }

        @Test("an archive stays one unless --unpack says otherwise")
        func unpacking() async throws {
            try await Manifold.with { manifold in
                let tar = try await ChildProcess.run(
                    "bash", ["-c", "cd $(mktemp -d); echo 1 > inner; tar -cz --owner=9 --group=9 inner"])
                try await TestWebServer.with { server in
                    server["/a.tgz"] = .init(tar.stdout)
                    let log = try await build(
                        "ADD \(server.address)/a.tgz /k/\nADD --unpack=true \(server.address)/a.tgz /u/", manifold)
                    try #require(log.succeeded, log.comment)
                    let kept = try await ImageLayout.entries(of: try layer(manifold, fromTop: 1))
                    #expect(kept.last == "-rw------- 0/0 k/a.tgz", "\(kept)")
                    let unpacked = try await ImageLayout.entries(of: try layer(manifold))
                    #expect(unpacked.last == "-rw-r--r-- 9/9 u/inner", "\(unpacked)")
                    #expect(server.requests.count == 1)
                }
            }
        }

        @Test("what cannot be had is an error with the line, and a caret under the address")
        func failures() async throws {
            try await Manifold.with { manifold in
                try await TestWebServer.with { server in
                    for (source, words) in [
                        ("\(server.address)/404", "status 404"), ("http://127.0.0.1:1/f", "refused"),
                        ("http://no.such.host.invalid/f", "no address found"), ("git://127.0.0.1:1/r", "refused"),
                    ] {
                        let context = try manifold.context("FROM scratch\nADD \(source) /x\n")
                        let result = try await manifold.run(
                            ["build", "--progress", "plain"] + Program.layout(manifold) + [context.string])
                        #expect(result.status == .exited(1))
                        #expect(result.errorOutput.contains(words), result.comment)
                        let carets = String(repeating: "^", count: source.count)
                        #expect(
                            result.errorOutput.contains(">>> ADD \(source) /x\n     |         \(carets)\n"),
                            result.comment)
                    }
                }
            }
        }

        @Test(
            "what makes no sense is refused before anything runs",
            arguments: [
                ("ADD --checksum=sha256:1 http://h.invalid/x /", "invalid checksum"),
                ("ADD --checksum=x a /", "checksum requires HTTP(S) or Git sources"),
                ("ADD --checksum=x http://h.invalid/x a /", "checksum can't be specified for multiple sources"),
                ("ADD https://h.invalid/r.git?x=1 /", "unexpected query"),
                ("ADD --keep-git-dir=true https://h.invalid/r.git?keep-git-dir=0 /", "inconsistent keep-git-dir"),
                ("COPY https://h.invalid/x /", "source can't be a URL for COPY"),
                ("COPY git@h.invalid:x /", "source can't be a git ref for COPY"),
            ])
        func nonsense(instruction: String, words: String) async throws {
            try await Manifold.with { manifold in
                let log = try await build(instruction, manifold)
                #expect(log.result.status == .exited(1) && log.titles.isEmpty)
                #expect(log.message.contains("Dockerfile:2: ") && log.message.contains(words), log.comment)
                #expect(log.message.contains("2 | \(instruction)") && log.message.contains("^"), log.comment)
            }
        }

        @Test("secrets open what is closed, and do not show")
        func secrets() async throws {
            try await Manifold.with { manifold in
                try await TestWebServer.with { server in
                    server["/f"] = .init("1")
                    let log = try await build(
                        "ADD \(server.address)/f /", manifold, ["--secret", "id=HTTP_AUTH_TOKEN_127.0.0.1,env=T"],
                        .environment(["T": "t0ps3cret"]))
                    try #require(log.succeeded, log.comment)
                    #expect(server.requests.first?.headers["authorization"] == "Bearer t0ps3cret")
                    #expect(!log.result.errorOutput.contains("t0ps3cret"))
                }
            }
        }

        @Test("a repository's files are root's, its commit is the key, and .git comes only when it is asked for")
        func repositories() async throws {
            try await Manifold.with { manifold in
                try await TestGitServer.with { server in
                    let repository = try await server.repository()
                    let first = try await repository.commit(
                        ["f": "1", "sub/x": "#!/bin/sh\n"], executable: ["sub/x"])
                    let instructions = """
                        ADD \(repository.url)#main /all/
                        ADD --chown=1:2 \(repository.url)?branch=main&subdir=sub /sub
                        ADD --keep-git-dir=true --checksum=\(first.prefix(10)) \(repository.url)#main /kept
                        """
                    let log = try await build(instructions, manifold)
                    try #require(log.succeeded, log.comment)
                    let all = try await ImageLayout.entries(of: try layer(manifold, fromTop: 2))
                    #expect(
                        all == [
                            "drwxr-xr-x 0/0 all/", "-rw-r--r-- 0/0 all/f", "drwxr-xr-x 0/0 all/sub/",
                            "-rwxr-xr-x 0/0 all/sub/x",
                        ], "\(all)")
                    let sub = try await ImageLayout.entries(of: try layer(manifold, fromTop: 1))
                    #expect(sub == ["drwxr-xr-x 1/2 sub/", "-rwxr-xr-x 1/2 sub/x"], "\(sub)")
                    let kept = try await ImageLayout.entries(of: try layer(manifold))
                    #expect(kept.contains("-rw-r--r-- 0/0 kept/.git/HEAD"), "\(kept)")

                    let other = try await manifold.build(
                        ["--platform", "linux/amd64,linux/arm64"] + Program.layout(manifold, "other"),
                        manifold.path("context"), .environment(["MANIFOLD_ROOT": manifold.path("store2").string]))
                    try #require(other.succeeded, other.comment)
                    #expect(
                        try ImageLayout(manifold.path("other")).image("linux/amd64").layerDigests
                            == ImageLayout(manifold.path("out")).image("linux/amd64").layerDigests)

                    let again = try await build(instructions, manifold)
                    #expect(again.outcomes(of: "fetch") == ["cached", "cached", "cached"], again.comment)
                    #expect(again.outcomes(of: "ADD") == ["cached", "cached", "cached"], again.comment)

                    try await repository.commit(["f": "2"])
                    let moved = try await build(instructions, manifold)
                    #expect(moved.result.status == .exited(1))
                    #expect(moved.message.contains("expected checksum to match \(first.prefix(10))"), moved.comment)
                }
            }
        }
    }
}
