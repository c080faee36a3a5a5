// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import FoundationEssentials
import Glibc
import SystemPackage
import TestSupport
import Testing

extension Program {
    @Suite("Build contexts", .requiresProgram("git", "tar", "python3"))
    struct ContextTests {
        private let dockerfile = "FROM scratch\nCOPY a /got\n"

        /// Builds with something on standard input.
        private func build(
            _ arguments: [String], input: FilePath, _ manifold: Manifold
        ) async throws -> BuildLog {
            let result = try await manifold.run(
                ["build", "--progress", "json", "--platform", "linux/amd64"] + Program.layout(manifold) + arguments,
                .script("exec \"$@\" <'\(input)'"))
            return BuildLog(result)
        }

        /// Builds what an address names.
        private func build(
            _ arguments: [String] = [], at address: String, _ manifold: Manifold
        ) async throws -> BuildLog {
            BuildLog(
                try await manifold.run(
                    ["build", "--progress", "json", "--platform", "linux/amd64"] + Program.layout(manifold) + arguments
                        + [address]))
        }

        /// What the only file of the top layer that was built says.
        private func got(_ manifold: Manifold, _ name: String = "got") async throws -> String {
            let layer = try #require(try ImageLayout(manifold.path("out")).image("linux/amd64").layers.last)
            return String(decoding: try await ImageLayout.content(of: name, in: layer), as: UTF8.self)
        }

        @discardableResult
        private func sh(_ script: String, in directory: FilePath) async throws -> String {
            let result = try await ChildProcess.run("sh", ["-ec", "cd '\(directory)'; umask 022; \(script)"])
            try #require(result.succeeded, result.comment)
            return result.output
        }

        // MARK: Standard input

        @Test("an archive on standard input is the context, however it is compressed", arguments: ["", "z", "J", "j"])
        func archive(compression: String) async throws {
            try await Manifold.with { manifold in
                // A name that means something in layers means nothing here.
                let files = try manifold.context(
                    dockerfile, files: ["a": "1", ".wh.a": "2", "other": "FROM none.invalid/x\n"])
                try await sh("tar -c\(compression)f ../input .", in: files)
                let log = try await build(["-"], input: manifold.path("input"), manifold)
                try #require(log.succeeded, log.comment)
                #expect(try await got(manifold) == "1")
                let other = try await build(["-f", "other", "-"], input: manifold.path("input"), manifold)
                #expect(other.message.contains("none.invalid/x"), other.comment)
            }
        }

        @Test("pipes in an archive are not waited for", arguments: ["Dockerfile", ".dockerignore"])
        func pipes(name: String) async throws {
            try await Manifold.with { manifold in
                let files = try manifold.context(dockerfile, files: ["a": "1"])
                try await sh("rm -f \(name); mkfifo \(name); tar -cf ../input .", in: files)
                let log = try await build(["-"], input: manifold.path("input"), manifold)
                #expect(log.succeeded == (name == ".dockerignore"), log.comment)
                #expect(log.succeeded || log.message.contains("no Dockerfile"), log.comment)
            }
        }

        @Test("a text on standard input is a Dockerfile without a context")
        func text() async throws {
            try await Manifold.with { manifold in
                try manifold.write("FROM scratch\nCOPY <<got /\nhello\ngot\n", to: manifold.path("input"))
                let log = try await build(["-"], input: manifold.path("input"), manifold)
                try #require(log.succeeded, log.comment)
                #expect(try await got(manifold) == "hello\n")
                try manifold.write(dockerfile, to: manifold.path("input"))
                let missing = try await build(["-"], input: manifold.path("input"), manifold)
                #expect(missing.message.contains("\"a\": not found in standard input"), missing.comment)
                #expect(missing.message.contains("line 2"), missing.comment)
            }
        }

        @Test("-f - reads the Dockerfile from standard input and the files from the context")
        func dockerfileOnInput() async throws {
            try await Manifold.with { manifold in
                let context = try manifold.context(nil, files: ["a": "1"])
                try manifold.write(dockerfile, to: manifold.path("input"))
                let log = try await build(["-f", "-", context.string], input: manifold.path("input"), manifold)
                try #require(log.succeeded, log.comment)
                #expect(try await got(manifold) == "1")
            }
        }

        @Test("-f reads a pipe, which gives its bytes once, and waiting for one can be interrupted")
        func dockerfileInPipe() async throws {
            try await Manifold.with(Manifold.Account.available.last ?? .ordinary) { manifold in
                let context = try manifold.context(nil, files: ["a": "1"])
                let input = manifold.path("input")
                try manifold.write(dockerfile, to: input)
                let pipe = manifold.path("pipe").string
                try #require(mkfifo(pipe, 0o666) == 0 && chmod(pipe, 0o666) == 0)
                let arguments = ["build", "--progress", "json", "--platform", "linux/amd64"] + Program.layout(manifold)
                let log = BuildLog(
                    try await manifold.run(
                        arguments + ["-f", "/dev/stdin", context.string], .script("cat '\(input)' | \"$@\"")))
                try #require(log.succeeded, log.comment)
                #expect(try await got(manifold) == "1")
                let child = try manifold.start(["build", "--progress", "plain", "-f", pipe, context.string])
                try await Task.sleep(for: .seconds(1))
                child.kill(SIGTERM)
                let result = try await child.wait(timeout: .seconds(20))
                #expect(result.errorOutput.contains("interrupted"), result.comment)
            }
        }

        @Test("what cannot be read from standard input is an error that says what to do")
        func badInput() async throws {
            try await Manifold.with { manifold in
                let context = try manifold.context(dockerfile, files: ["a": "1"])
                try manifold.write("", to: manifold.path("empty"))
                try manifold.write(dockerfile, to: manifold.path("text"))
                for (arguments, input, words) in [
                    (["-"], "empty", ["nothing came from standard input", "tar -c"]),
                    (["-f", "-", context.string], "empty", ["nothing came from standard input"]),
                    (["-f", "-", "-"], "text", ["both the build context and the Dockerfile"]),
                    (["-f", "other", "-"], "text", ["no archive"]),
                ] {
                    let log = try await build(arguments, input: manifold.path(input), manifold)
                    #expect(log.result.status == .exited(1), log.comment)
                    for word in words { #expect(log.message.contains(word), log.comment) }
                }
                let terminal = try await manifold.run(
                    ["build", "--progress", "plain", "-"],
                    Manifold.Setting(within: ["/bin/sh", "-c", "script -qec \"$0 $*\" /dev/null </dev/null"]))
                #expect(terminal.output.contains("it is a terminal"), terminal.comment)
            }
        }

        @Test("a build that waits for standard input can be interrupted")
        func interrupted() async throws {
            try await Manifold.with(Manifold.Account.available.last ?? .ordinary) { manifold in
                #expect(mkfifo(manifold.path("pipe").string, 0o666) == 0)
                let child = try manifold.start(
                    ["build", "--progress", "plain", "-"], .script("exec \"$@\" <>'\(manifold.path("pipe"))'"))
                try await Task.sleep(for: .seconds(3))
                child.kill(SIGTERM)
                let result = try await child.wait(timeout: .seconds(20))
                #expect(result.status != .exited(0))
                #expect(result.errorOutput.contains("interrupted"), result.comment)
            }
        }

        @Test(
            "an archive that reaches outside is an error, and nothing is written there",
            arguments: ["parent", "link", "absolute link", "hard link"])
        func hostile(kind: String) async throws {
            try await Manifold.with { manifold in
                let script = """
                    import io, sys, tarfile
                    archive = tarfile.open(sys.argv[1], "w")
                    def add(name, type=tarfile.REGTYPE, link="", text=b"x"):
                        item = tarfile.TarInfo(name)
                        item.type, item.linkname, item.size = type, link, len(text) if type == tarfile.REGTYPE else 0
                        archive.addfile(item, io.BytesIO(text))
                    add("Dockerfile", text=b"FROM scratch\\nCOPY . /\\n")
                    kind = sys.argv[2]
                    if kind == "parent": add("a/../../../../../../../../..\(manifold.path("escaped"))")
                    if kind == "link":
                        add("up", tarfile.SYMTYPE, "../../../../../../../../..\(manifold.directory)")
                        add("up/escaped")
                    if kind == "absolute link":
                        add("up", tarfile.SYMTYPE, "\(manifold.directory)")
                        add("up/escaped")
                    if kind == "hard link":
                        add("up", tarfile.LNKTYPE, "../../../../../../../../../etc/passwd")
                    archive.close()
                    """
                try manifold.write(script, to: manifold.path("make.py"))
                try await sh("python3 make.py input '\(kind)'", in: manifold.directory)
                let log = try await build(["-"], input: manifold.path("input"), manifold)
                #expect(log.result.status == .exited(1), log.comment)
                #expect(log.message.contains("cannot unpack the build context from standard input"), log.comment)
                #expect(access(manifold.path("escaped").string, F_OK) != 0)
            }
        }

        @Test("a Dockerfile that is a link out of a fetched context is not read")
        func linkedDockerfile() async throws {
            try await Manifold.with { manifold in
                let files = try manifold.context(nil, files: ["real": dockerfile, "a": "1"])
                try manifold.write("not for you", to: manifold.path("secret"))
                try await sh("ln -s ..\(manifold.path("secret")) Dockerfile; tar -cf ../input .", in: files)
                let log = try await build(["-"], input: manifold.path("input"), manifold)
                #expect(log.message.contains("there is no Dockerfile called Dockerfile in standard input"), log.comment)
                try await sh("ln -sf /real Dockerfile; tar -cf ../input .", in: files)
                let inside = try await build(["-"], input: manifold.path("input"), manifold)
                #expect(inside.succeeded, inside.comment)
            }
        }

        @Test("names that are not UTF-8 stay as they are")
        func bytes() async throws {
            try await Manifold.with { manifold in
                let files = try manifold.context("FROM scratch\nCOPY dir /\n", files: ["dir/x": "1"])
                try await sh("mv dir/x \"dir/$(printf 'a\\377b')\"; tar -cf ../input .", in: files)
                let log = try await build(["-"], input: manifold.path("input"), manifold)
                try #require(log.succeeded, log.comment)
                let layer = try #require(try ImageLayout(manifold.path("out")).image("linux/amd64").layers.last)
                let list = try await ChildProcess.run(
                    "tar", ["--list", "--gzip", "--quoting-style=escape", "--file", layer.string])
                #expect(list.output.contains("a\\377b"), list.comment)
            }
        }

        // MARK: The network

        @Test(
            "a git repository is a context, at any reference and in any directory, and its commit's time is the image's"
        )
        func git() async throws {
            try await Manifold.with { manifold in
                let work = try manifold.context(
                    dockerfile, files: ["a": "old", "sub/Dockerfile": dockerfile, "sub/a": "2"])
                let commit = "git -c user.name=me -c user.email=me@example.org commit -qm"
                try await sh(
                    """
                    git init -q -b main .; git add .; export GIT_COMMITTER_DATE='2001-02-03T04:05:06Z'
                    \(commit) one; git tag v1; echo -n new >a; git add .; \(commit) two
                    git clone -q --bare . ../repository.git; git -C ../repository.git update-server-info
                    """, in: work)
                try await WebServer.with(manifold.directory) { address in
                    for (suffix, content) in [("", "new"), ("#v1", "old"), ("#main:sub", "2")] {
                        let log = try await build(at: "\(address)/repository.git\(suffix)", manifold)
                        try #require(log.succeeded, log.comment)
                        #expect(try await got(manifold) == content)
                        let image = try ImageLayout(manifold.path("out")).image("linux/amd64")
                        #expect(image.config["created"] == "2001-02-03T04:05:06Z")
                    }
                    let log = try await build(at: "\(address)/repository.git#nowhere", manifold)
                    #expect(log.result.status == .exited(1) && log.message.contains("nowhere"), log.comment)
                }
            }
        }

        @Test("a web address is a context when an archive is there, and a Dockerfile otherwise")
        func web() async throws {
            try await Manifold.with { manifold in
                let files = try manifold.context(dockerfile, files: ["a": "1"])
                try await sh("tar -czf ../files.tar.gz .", in: files)
                try manifold.write("FROM scratch\nCOPY <<got /\n2\ngot\n", to: manifold.path("plain"))
                try await WebServer.with(manifold.directory) { address in
                    for (name, content) in [("files.tar.gz", "1"), ("plain", "2\n")] {
                        let log = try await build(at: "\(address)/\(name)", manifold)
                        try #require(log.succeeded, log.comment)
                        #expect(try await got(manifold) == content)
                    }
                    let log = try await manifold.build(
                        ["--platform", "linux/amd64", "-f", "\(address)/plain"] + Program.layout(manifold), files)
                    try #require(log.succeeded, log.comment)
                    #expect(try await got(manifold) == "2\n")
                    let missing = try await build(at: "\(address)/missing", manifold)
                    #expect(missing.result.status == .exited(1) && missing.message.contains("404"), missing.comment)
                }
            }
        }

        // MARK: Named contexts

        @Test(
            "a named context takes the place of an image, a stage, or what --from names",
            arguments: [
                "FROM files\nCOPY --from=files a /got\n",
                "FROM scratch\nCOPY --from=Files a /got\n",
                "FROM nowhere.invalid/image AS files\nRUN false\nFROM scratch\nCOPY --from=files a /got\n",
                "FROM nowhere.invalid/image AS files\nRUN false\nFROM files\nCOPY --from=0 a /got\n",
            ])
        func named(dockerfile: String) async throws {
            try await Manifold.with { manifold in
                let context = try manifold.context(dockerfile, files: ["a": "wrong"])
                let files = try manifold.context(
                    nil, files: ["a": "right", "b": "ignored", ".dockerignore": "b"], name: "files")
                let log = try await manifold.build(
                    ["--platform", "linux/amd64", "--build-context", "files=\(files)"] + Program.layout(manifold),
                    context)
                try #require(log.succeeded, log.comment)
                #expect(try await got(manifold) == "right")
                let image = try ImageLayout(manifold.path("out")).image("linux/amd64")
                for layer in image.layers {
                    #expect(try await !ImageLayout.entries(of: layer).contains { $0.hasSuffix(" b") })
                }
                #expect(log.titles.allSatisfy { !$0.contains("RUN false") })
            }
        }

        @Test("RUN --mount reads named contexts, and an image can stand for another one")
        func mounts() async throws {
            try await Manifold.with { manifold in
                let context = try manifold.context(
                    "FROM nowhere.invalid/team/base:1\nRUN --mount=from=files,target=/m cat /m/a; test ! -e /m/b\n")
                let files = try manifold.context(
                    nil, files: ["a": "right", "b": "1", ".dockerignore": "b"], name: "files")
                let log = try await manifold.build(
                    [
                        "--platform", "linux/amd64", "--build-context", "files=\(files)", "--build-context",
                        "nowhere.invalid/team/base:1=docker-image://\(try SharedRegistry.host)/busybox",
                    ] + Program.layout(manifold), context)
                try #require(log.succeeded, log.comment)
                #expect(log.output(of: "linux/amd64") == ["right"])
            }
        }

        @Test("a layout is a base for every platform that it has, and what it lacks is told")
        func layouts() async throws {
            try await Manifold.with { manifold in
                let context = try manifold.context("FROM base\nRUN uname -m\n")
                let layout = try await BaseImages.layout("busybox")
                try await sh(
                    "cp -r '\(layout)' layout; chmod -R a+rX layout; tar -C layout -cf layout.tar .",
                    in: manifold.directory)
                for name in ["layout", "layout:latest", "layout.tar"] {
                    let log = try await manifold.build(
                        [
                            "--platform", "linux/amd64,linux/arm64", "--build-context",
                            "base=oci-layout://\(manifold.path(name))",
                        ]
                            + Program.layout(manifold), context)
                    try #require(log.succeeded, log.comment)
                    #expect(log.output(of: "linux/arm64") == ["aarch64"] || name != "layout", log.comment)
                }
                for (value, words) in [
                    ("layout:none", ["no image called \"none\"", "latest"]), ("nothing", ["no such directory"]),
                    ("store", ["no file oci-layout"]),
                ] {
                    let log = try await manifold.build(
                        ["--build-context", "base=oci-layout://\(manifold.path(value))"], context)
                    #expect(log.result.status == .exited(1), log.comment)
                    for word in words { #expect(log.message.contains(word), log.comment) }
                }
                let lacking = try await manifold.build(
                    ["--platform", "linux/s390x", "--build-context", "base=oci-layout://\(manifold.path("layout"))"],
                    context)
                #expect(lacking.message.contains("has no image for linux/s390x; it has linux/amd64"), lacking.comment)
                // A byte of a layer that changed is found out.
                try await sh(
                    "f=$(ls -S layout/blobs/sha256/* | head -1); printf x | dd of=$f bs=1 seek=99 conv=notrunc 2>/dev/null",
                    in: manifold.directory)
                let damaged = try await manifold.build(
                    [
                        "--platform", "linux/amd64,linux/arm64,linux/arm/v7,linux/386,linux/arm/v5", "--root",
                        manifold.path("fresh").string, "--build-context",
                        "base=oci-layout://\(manifold.path("layout"))",
                    ], context)
                #expect(damaged.result.status == .exited(1), damaged.comment)
                #expect(damaged.message.contains("not what"), damaged.comment)
            }
        }

        @Test("nonsense in --build-context is an error, and a name that nothing uses a warning")
        func badNames() async throws {
            try await Manifold.with { manifold in
                let context = try manifold.context(dockerfile, files: ["a": "1"])
                for (value, word) in [
                    ("files", "a name and a value"), ("=x", "a name and a value"), ("files=/nowhere", "no directory"),
                    ("files=\(context)/a", "not a directory"), ("files=target:other", "bake"),
                    ("files=docker-image://UPPER", "lower-case"), ("a::linux/none=/", "unknown platform"),
                ] {
                    let log = try await manifold.build(["--build-context", value], context)
                    #expect(log.result.status == .exited(1), log.comment)
                    #expect(log.message.contains(word), log.comment)
                }
                let log = try await manifold.build(["--build-context", "files=\(context)"], context)
                #expect(log.succeeded, log.comment)
                #expect(
                    log.events.contains { $0["message"].string?.contains("\"files\" is not used") == true }, log.comment
                )
            }
        }

        // MARK: Directories

        @Test("what a build writes itself is left out of its context, with one warning")
        func ownFiles() async throws {
            try await Manifold.with { manifold in
                let context = try manifold.context("FROM scratch\nCOPY . /\n", files: ["a": "1"])
                chmod(context.string, 0o777)
                for round in 1...2 {
                    let log = try await manifold.build(
                        [
                            "--platform", "linux/amd64", "--root", "\(context)/store", "--iidfile", "\(context)/id",
                            "--output", "type=oci,dest=\(context)/out.tar",
                        ], context)
                    try #require(log.succeeded, log.comment)
                    let warnings = log.events.compactMap(\.["message"].string).filter { $0.contains("left out") }
                    #expect(warnings.count == 1, log.comment)
                    #expect(log.outcomes(of: "COPY") == [round == 1 ? "done" : "cached"])
                }
            }
        }

        @Test("a directory that is ignored is not read, and a missing file is told with what there is")
        func ignored() async throws {
            try await Manifold.with { manifold in
                let context = try manifold.context(
                    "FROM scratch\nCOPY . /\n",
                    files: ["src/README.md": "1", "closed/x": "2", ".dockerignore": "closed\nDockerfile\n"])
                chmod(context.appending("closed").string, 0)
                let log = try await manifold.build(["--platform", "linux/amd64"] + Program.layout(manifold), context)
                #expect(log.succeeded, log.comment)
                for (source, words) in [
                    ("src/readme.md", "did you mean \"src/README.md\""),
                    ("scr/README.md", "did you mean \"src/README.md\""),
                    ("closed/x", ".dockerignore leaves it out"), ("nothing-like-it", "not found in \(context)"),
                ] {
                    try manifold.write("FROM scratch\nCOPY \(source) /\n", to: context.appending("Dockerfile"))
                    let log = try await manifold.build(["--platform", "linux/amd64"], context)
                    #expect(log.result.status == .exited(1) && log.message.contains(words), log.comment)
                }
                chmod(context.appending("closed").string, 0o700)
            }
        }

        @Test("the Dockerfile's own ignore file goes before the context's, and a Dockerfile in lower case is found")
        func ownIgnoreFile() async throws {
            try await Manifold.with { manifold in
                let context = try manifold.context(
                    nil,
                    files: [
                        "dockerfile": "FROM scratch\nCOPY . /\n", "dockerfile.dockerignore": "*\n!a",
                        ".dockerignore": "a",
                        "a": "1",
                    ])
                let log = try await manifold.build(["--platform", "linux/amd64"] + Program.layout(manifold), context)
                try #require(log.succeeded, log.comment)
                let layer = try #require(try ImageLayout(manifold.path("out")).image("linux/amd64").layers.last)
                #expect(try await ImageLayout.entries(of: layer).map { $0.split(separator: " ").last } == ["a"])
            }
        }

        @Test("a file that changed and kept its size and its time is seen")
        func sameSizeAndTime() async throws {
            try await Manifold.with { manifold in
                let context = try manifold.context(dockerfile, files: ["a": "one"])
                let arguments = ["--platform", "linux/amd64"] + Program.layout(manifold)
                for content in ["one", "two", "six"] {
                    // In place at first, and then as another file.
                    let change = content == "two" ? "printf two >a" : "printf \(content) >b; mv b a"
                    try await sh("\(change); touch -d 2001-02-03 a", in: context)
                    let log = try await manifold.build(arguments, context)
                    try #require(log.succeeded, log.comment)
                    #expect(try await got(manifold) == content)
                }
            }
        }
    }
}

/// A web server on loopback for the files of a directory.
private enum WebServer {
    static func with(_ directory: FilePath, _ body: (_ address: String) async throws -> Void) async throws {
        let script = """
            import functools, http.server, sys
            handler = functools.partial(http.server.SimpleHTTPRequestHandler, directory=sys.argv[1])
            server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
            print(server.server_address[1], flush=True)
            server.serve_forever()
            """
        let child = try ChildProcess.start("python3", ["-c", script, directory.string])
        do {
            var port = ""
            for _ in 0..<100 where port.isEmpty {
                try await Task.sleep(for: .milliseconds(50))
                port = String(try child.outputSoFar().prefix { $0 != "\n" })
            }
            try await body("http://127.0.0.1:\(port)")
            _ = await child.stop()
        } catch {
            _ = await child.stop()
            throw error
        }
    }
}
