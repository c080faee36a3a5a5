// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import Build
import Glibc
import Layers
import OCI
import Sandbox
import Store
import SystemPackage
import Testing

@Suite("Build: Dockerfiles and contexts of all kinds", .enabled(if: isRoot, "steps change owners: needs root"))
struct InputTests {
    private func error(_ place: Workplace, _ change: (inout BuildRequest) -> Void = { _ in }) async throws -> any Error
    {
        try #require(await #expect(throws: (any Error).self) { try await place.build(nil, change) })
    }

    @Test("no Dockerfile, a directory of that name, an empty one: an error that says what to do")
    func missing() async throws {
        let place = try Workplace()
        let missing = try await error(place) as? BuildError
        #expect(missing?.description == "there is no Dockerfile at \(place.context)/Dockerfile")
        #expect(missing?.remedy?.contains("--file") == true)
        #expect(
            try await error(place) { $0.dockerfile = .file("/nowhere/x") }.sentence
                == "there is no Dockerfile at /nowhere/x")
        try Files.makeDirectories(place.context.appending("Dockerfile"))
        #expect("\(try await error(place))".contains("no Dockerfile"))
        try place.write("dockerfile", "FROM scratch\nCOPY dockerfile /\n")
        #expect(try await place.build().allOutcomes == [.done])
    }

    @Test("a context that is no directory is an error", arguments: ["missing", "Dockerfile"])
    func badContext(name: String) async throws {
        let place = try Workplace()
        try place.write("Dockerfile", "FROM scratch\n")
        let error = try await error(place) { $0.context = place.context.appending(name) }
        guard case BuildError.unreadableContext = error else {
            Issue.record("\(error)")
            return
        }
    }

    @Test(
        "a Dockerfile without instructions or without FROM is an error",
        arguments: [
            "", "\n\n", "# only a comment\n", "ARG A=1\n", "RUN x\n", "\u{FEFF}", "FROM scratch\nNONSENSE\n",
        ])
    func empty(text: String) async throws {
        let place = try Workplace()
        try place.write("Dockerfile", text)
        let error = try await error(place)
        guard case BuildError.invalidDockerfile = error else {
            Issue.record("\(error)")
            return
        }
    }

    @Test("an error in a Dockerfile shows the line, also one that only planning finds")
    func shown() async throws {
        let place = try Workplace()
        try place.write(
            "Dockerfile", "FROM scratch\nCOPY --from=later /x /\nFROM scratch AS later\nCOPY --from=0 / /\n")
        let error = "\(try await error(place))"
        #expect(error.contains("COPY --from=later /x /"))
        #expect(error.contains("2"))
    }

    @Test("a Dockerfile of 16 MB is read, a larger one is refused")
    func large() async throws {
        let place = try Workplace()
        let head = "FROM scratch\nCOPY Dockerfile /\n"
        let line = "# " + String(repeating: "x", count: 61) + "\n"
        try place.write("Dockerfile", head + String(repeating: line, count: (16 << 20) / 64 - 1))
        #expect(try await place.build().allOutcomes == [.done])
        try place.write("Dockerfile", head + String(repeating: line, count: (16 << 20) / 64))
        #expect("\(try await error(place))".contains("File too large"))
    }

    @Test(
        "ten thousand instructions are planned in no time", .timeLimit(.minutes(1)),
        arguments: [
            "ENV A# b\n", "LABEL a#=b\n", "ARG A#=b\n", "EXPOSE #\n", "VOLUME /v#\n", "ONBUILD RUN #\n",
        ])
    func many(line: String) async throws {
        let text = "FROM base\n" + (1...10_000).map { line.replacing("#", with: "\($0)") }.joined()
        let start = ContinuousClock.now
        let graph = try await plan(text, images: commonImages())
        #expect(graph.images.count == 1)
        #expect(ContinuousClock.now - start < .seconds(20))
    }

    @Test("names that are not UTF-8, dot files, links and pipes of the context come along; sockets do not")
    func strangeFiles() async throws {
        let place = try Workplace()
        let foreign = "foreign-\u{1}x".utf8.map { $0 == 1 ? UInt8(0xFF) : $0 }
        let path = Array(place.context.string.utf8) + [UInt8(ascii: "/")] + foreign
        let descriptor = open(path.map { CChar(bitPattern: $0) } + [0], O_WRONLY | O_CREAT, 0o644)
        #expect(descriptor >= 0)
        close(descriptor)
        try place.write(".hidden", "h")
        try place.write("dir/a b\u{7}c", "odd")
        try place.link("outside", to: "/etc/passwd")
        try place.link("dangling", to: "nothing")
        #expect(mkfifo(place.context.appending("pipe").string, 0o600) == 0)
        let built = try await place.build("FROM base\nCOPY . /all\n")
        let tree = try await built.tree()
        #expect(tree.lookup(try TreePath("all").appending(TreePath(bytes: foreign)))?.kind == .file)
        #expect(tree.lookup(try TreePath("all/.hidden"))?.size == 1)
        #expect(tree.lookup(try TreePath("all/dir/a b\u{7}c"))?.size == 3)
        #expect(tree.lookup(try TreePath("all/pipe"))?.kind == .fifo)
        #expect(try await built.line("all/outside") == "all/outside 777 0:0 -> /etc/passwd")
        #expect(try await built.line("all/dangling") == "all/dangling 777 0:0 -> nothing")
    }

    @Test("everything of the context belongs to root, whoever owns it here")
    func owners() async throws {
        let place = try Workplace()
        try place.write("a", "1")
        #expect(chown(place.context.appending("a").string, 1234, 1234) == 0)
        #expect(try await place.build("FROM base\nCOPY a /a\n").line("a") == "a 644 0:0")
    }

    @Test(
        "owners by name are those of the image",
        arguments: [
            ("me", "1000:1001"), ("me:us", "1000:2000"), ("7", "7:7"), ("me:5", "1000:5"), ("7:us", "7:2000"),
        ])
    func chownNames(owner: String, expected: String) async throws {
        let place = try Workplace()
        try place.write("a", "1")
        let built = try await place.build("FROM base\nCOPY --chown=\(owner) a /n/a\n")
        #expect(try await built.line("n/a") == "n/a 644 \(expected)")
        #expect(try await built.line("n") == "n/ 755 \(expected)")
    }

    @Test("RUN and WORKDIR are done by the user that USER names")
    func user() async throws {
        let place = try Workplace()
        let built = try await place.build("FROM base\nUSER me\nWORKDIR /w/x\nRUN write /made 1\n")
        let command = try #require(place.runner.commands.first)
        #expect(command.user.uid == 1000)
        #expect(command.user.gid == 1001)
        #expect(command.user.groups == [2000])
        #expect(command.environment.contains("HOME=/home/me"))
        #expect(command.workingDirectory == "/w/x")
        #expect(try await built.line("made") == "made 644 1000:1001")
        #expect(try await built.line("w/x") == "w/x/ 755 1000:1001")
    }

    @Test("users that an earlier step made are known to later ones")
    func newUser() async throws {
        let place = try Workplace()
        try place.write("passwd", "new:x:55:56::/n:/bin/sh\n")
        try place.write("a", "1")
        let built = try await place.build(
            "FROM base\nCOPY passwd /etc/passwd\nUSER new\nRUN x\nCOPY --chown=new a /a\n")
        #expect(place.runner.commands.first?.user.uid == 55)
        #expect(try await built.line("a") == "a 644 55:56")
    }

    @Test("what .dockerignore leaves out is not there, exceptions are; the Dockerfile's own goes first")
    func ignore() async throws {
        let place = try Workplace()
        for name in ["a", "b.md", "keep.md", "dir/c", "dir/keep", "other/d"] { try place.write(name, name) }
        try place.write(".dockerignore", "*.md\n!keep.md\ndir\n!dir/keep\nother\nDockerfile\n")
        func names() async throws -> [String] {
            let tree = try await place.build("FROM scratch\nCOPY . /\n").tree()
            return try ["a", "b.md", "keep.md", "dir/c", "dir/keep", "other", "other/d", "Dockerfile"]
                .filter { tree.lookup(try TreePath($0)) != nil }
        }
        #expect(try await names() == ["a", "keep.md", "dir/keep"])
        try place.write("Dockerfile.dockerignore", "a\n")
        #expect(try await names() == ["b.md", "keep.md", "dir/c", "dir/keep", "other", "other/d", "Dockerfile"])
    }

    @Test("a step whose result is empty still makes a layer, so that history and layers agree")
    func nothingDone() async throws {
        let place = try Workplace()
        let built = try await place.build("FROM base\nRUN nothing\nWORKDIR /etc\nCOPY *.none /\nENV A=1\n")
        #expect(built.result.images[0].layers.count == 4)
        let config = try #require(try await built.config())
        #expect(config.rootfs.diffIDs.count == 4)
        #expect(config.history?.filter { $0.emptyLayer != true }.count == 4)
        #expect(config.history?.count == 5)
        #expect(config.created == config.history?.last?.created)
    }

    @Test("labels of the request go on top")
    func labels() async throws {
        let place = try Workplace()
        let built = try await place.build("FROM base\nLABEL a=1 b=1\n") { $0.labels = ["b": "2", "c": "3"] }
        #expect(try await built.config()?.config?.labels == ["a": "1", "b": "2", "c": "3"])
    }

    @Test("an older variant of a base is used with a warning; the image is of the platform asked for")
    func olderVariant() async throws {
        let place = try Workplace()
        try place.images.add("old", for: ["linux/arm/v6"])
        let built = try await place.build("FROM old\nRUN x\n", for: ["linux/arm/v7"])
        #expect(built.warnings.contains { $0.contains("its image for linux/arm/v6 is used") })
        #expect(built.summary.images.map(\.platform.description) == ["linux/arm/v7"])
    }

    @Test("an unknown target lists the stages")
    func target() async throws {
        let place = try Workplace()
        try place.write("Dockerfile", "FROM base AS one\nFROM base AS two\n")
        #expect(
            "\(try await error(place) { $0.target = "three" })" == "no stage is called \"three\" (there are: one, two)")
        #expect(try await place.build { $0.target = "ONE" }.summary.images.count == 1)
        #expect(try await place.build { $0.target = "1" }.summary.images.count == 1)
    }
}

extension Built {
    /// The config of an image.
    func config(_ platform: Int = 0) async throws -> ImageConfig? {
        try store.readBlob(result.images[platform].config.digest).map { try JSON.decode(ImageConfig.self, from: $0) }
    }
}

extension Error {
    var sentence: String { "\(self)" }
}
