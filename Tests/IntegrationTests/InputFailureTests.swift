// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import FoundationEssentials
import Glibc
import SystemPackage
import TestSupport
import Testing

extension Program {
    @Suite("What a person gets wrong")
    struct InputFailureTests {
        /// Builds, expects exit code 1, no crash and that nothing ran, and returns the message.
        private func message(
            _ arguments: [String], _ context: FilePath, _ manifold: Manifold,
            _ setting: Manifold.Setting = Manifold.Setting()
        ) async throws -> String {
            let log = try await manifold.build(try Program.busybox + arguments, context, setting)
            #expect(log.result.status == .exited(1), log.comment)
            #expect(log.outcomes(of: "RUN").isEmpty)
            return log.message
        }

        @Test("a missing Dockerfile and a missing context are named")
        func missingFiles() async throws {
            try await Manifold.with { manifold in
                let context = try manifold.context(nil, files: ["a": "1"])
                let message = try await message([], context, manifold)
                #expect(message.contains("there is no Dockerfile at \(context)/Dockerfile"), "\(message)")
                #expect(message.contains("--file"))
                let named = try await self.message(["--file", "\(context)/other"], context, manifold)
                #expect(named.contains("\(context)/other"), "\(named)")
                let nothing = try await self.message([], manifold.path("nothing"), manifold)
                #expect(nothing.contains("there is no such directory"), "\(nothing)")
                let file = try await self.message([], context.appending("a"), manifold)
                #expect(file.contains("not a directory"), "\(file)")
            }
        }

        @Test("a file that the user may not read is named", .requiresRoot("makes a file of another user"))
        func unreadable() async throws {
            try await Manifold.with(.ordinary) { manifold in
                let context = try manifold.context("FROM scratch\nCOPY secret /\n", files: ["secret": "x"])
                let secret = context.appending("secret").string
                try #require(chown(secret, 0, 0) == 0 && chmod(secret, 0o600) == 0)
                let message = try await message([], context, manifold)
                #expect(message.contains("secret") && message.contains("ermission denied"), "\(message)")
            }
        }

        @Test(
            "flags with nonsense say what is wrong and what is right",
            arguments: [
                (["--platform", "linux/aarch6"], ["linux/aarch6", "linux/aarch64"]),
                (["--platform", "windows/amd64"], ["only images for linux"]),
                (["--platform", "linux/amd64,"], ["platform"]),
                (["--tag", "Not A Name"], ["Not A Name"]),
                (["--tag", "example.org/UPPER:1"], ["UPPER"]),
                (["--push"], ["no name to push to", "--tag"]),
                (["--target", "nothing"], ["nothing", "first"]),
                (["--output", "type=dockr"], ["dockr", "did you mean type=docker?"]),
                (["--output", "type=local"], ["dest"]),
                (["--output", "type=oci,dest=a,compresion=zstd"], ["compresion", "did you mean \"compression\"?"]),
                (["--output", "type=oci,dest=a,compression=estargz"], ["estargz", "zstd"]),
                (["--output", "type=oci,dest=a,compression=gzip,compression-level=10"], ["10", "0 to 9"]),
                (["--output", "type=oci,dest=a,compression=zstd,oci-mediatypes=false"], ["zstd", "oci-mediatypes"]),
                (["--output", "type=local,dest=a,push=true"], ["type=local has no attribute \"push\""]),
                (["--output", "-", "--output", "type=oci"], ["standard output"]),
                (["--annotation", "nonsense"], ["nonsense", "KEY=VALUE"]),
                (["--annotation", "indx:a=b"], ["indx", "index"]),
                (["--annotation", "index:a=b", "--output", "type=oci,dest=a"], ["index", "one platform"]),
                (["--annotation", "manifest[linux/arm64]:a=b", "--output", "type=oci,dest=a"], ["linux/arm64"]),
                (["--output", "typ=oci,dest=a"], ["type is missing"]),
                (["--network", "bridge"], ["bridge"]),
                (["--jobs", "0"], ["--jobs 0"]),
                (["--build-arg", "=1"], ["--build-arg", "name"]),
                (["--build-arg", "SOURCE_DATE_EPOCH=yesterday"], ["SOURCE_DATE_EPOCH=yesterday"]),
            ] as [([String], [String])])
        func flags(arguments: [String], words: [String]) async throws {
            try await Manifold.with { manifold in
                let context = try manifold.context("ARG BASE\nFROM $BASE AS first\nRUN true\nFROM first\n")
                let log = try await manifold.build(try Program.busybox + arguments, context)
                #expect(log.result.status == .exited(1) || log.result.status == .exited(64), log.comment)
                for word in words { #expect(log.message.contains(word), log.comment) }
                #expect(log.outcomes(of: "RUN").isEmpty)
            }
        }

        @Test("a base without a platform is one error that lists what the base has, before anything runs")
        func missingPlatform() async throws {
            try await Manifold.with { manifold in
                let context = try manifold.context(Program.dockerfile("RUN true"))
                let message = try await message(
                    ["--platform", "linux/amd64,linux/s390x,linux/riscv64"], context, manifold)
                let base = "\(try SharedRegistry.host)/busybox"
                for platform in ["linux/s390x", "linux/riscv64"] {
                    #expect(message.contains("line 2: \(base):latest has no image for \(platform)"), "\(message)")
                }
                #expect(
                    message.contains("it has linux/amd64, linux/arm64, linux/arm/v7, linux/386, linux/arm/v5"),
                    "\(message)")
            }
        }

        @Test("COPY cannot find or reach what is not in the context, however it is written")
        func copySources() async throws {
            try await Manifold.with { manifold in
                try manifold.write("secret", to: manifold.path("secret"))
                for (source, words) in [("missing", "missing"), ("ignored", ".dockerignore")] {
                    let context = try manifold.context(
                        Program.dockerfile("COPY \(source) /"), files: [".dockerignore": "ignored", "ignored": "1"])
                    let message = try await message([], context, manifold)
                    #expect(message.contains("line 3") && message.contains(words), "\(message)")
                }
                // Above the context there is nothing: .. stays at its top, as in a root directory.
                let context = try manifold.context(Program.dockerfile("COPY ../secret /"))
                let message = try await message([], context, manifold)
                #expect(message.contains("line 3") && message.contains("secret"), "\(message)")
            }
        }

        @Test("a link out of the context is copied as a link, and nothing is read through it")
        func linksOutside() async throws {
            try await Manifold.with { manifold in
                try manifold.write("secret", to: manifold.path("secret/file"))
                let context = try manifold.context(
                    Program.dockerfile("COPY . /all/"), files: [".dockerignore": "Dockerfile\n.dockerignore"])
                for (name, target) in [("file", "../secret/file"), ("dir", manifold.path("secret").string)] {
                    try FileManager.default.createSymbolicLink(
                        atPath: context.appending(name).string, withDestinationPath: target)
                }
                let log = try await manifold.build(try Program.busybox + Program.layout(manifold), context)
                try #require(log.succeeded, log.comment)
                let layer = try #require(try ImageLayout(manifold.path("out")).image("linux/amd64").layers.last)
                #expect(
                    try await ImageLayout.entries(of: layer) == [
                        "drwxr-xr-x 0/0 all/", "lrwxrwxrwx 0/0 all/dir -> \(manifold.path("secret"))",
                        "lrwxrwxrwx 0/0 all/file -> ../secret/file",
                    ])
                for source in ["dir/file", "file"] {
                    try manifold.write(Program.dockerfile("COPY \(source) /taken"), to: context.appending("Dockerfile"))
                    let log = try await manifold.build(
                        try Program.busybox + Program.layout(manifold, "taken"), context)
                    #expect(log.result.status == .exited(1), log.comment)
                    #expect(log.message.contains("line 3"), log.comment)
                }
            }
        }

        @Test("a RUN that fails on one of three platforms fails the build, says where, and leaves the tag alone")
        func failingCommand() async throws {
            try await Manifold.with { manifold in
                let name = "\(try SharedRegistry.host)/failing:1"
                let context = try manifold.context(Program.dockerfile("COPY a /"), files: ["a": "1"])
                let arguments =
                    try Program.busybox + [
                        "--platform", "linux/amd64,linux/arm64,linux/arm/v7", "--push", "--tag", name,
                    ]
                let first = try await manifold.build(arguments, context)
                try #require(first.succeeded, first.comment)
                let before = try #require(try await Program.raw(name))

                try manifold.write(
                    Program.dockerfile(
                        "COPY a /", "RUN echo last words; echo to stderr >&2; [ $(uname -m) != aarch64 ] || exit 7"),
                    to: context.appending("Dockerfile"))
                let result = try await manifold.run(["build", "--progress", "plain"] + arguments + [context.string])
                #expect(result.status == .exited(1))
                let report = result.errorOutput.ranges(of: "------").first.map { result.errorOutput[$0.lowerBound...] }
                let text = String(report ?? "")
                for words in [
                    "linux/arm64", "last words", "to stderr", "   4 | >>> RUN echo", "Dockerfile:4", "exit code 7",
                ] {
                    #expect(text.contains(words), result.comment)
                }
                let error = text.split(separator: "\n").filter { $0.hasPrefix("error: ") }
                #expect(error.count == 1)
                #expect(
                    error.first?.hasPrefix("error: linux/arm64: line 4: RUN echo last words") == true, result.comment)
                #expect(error.first?.hasSuffix(" || exit 7: exit code 7") == true, result.comment)
                #expect(text.ranges(of: "line 4").count == 1, "the place is named once")
                #expect(try await Program.raw(name) == before)
            }
        }

        @Test("programs, users and directories that an image lacks are named")
        func missingInImage() async throws {
            try await Manifold.with { manifold in
                for (instructions, words) in [
                    (["RUN [\"/no/program\"]"], "/no/program"), (["USER nobody-knows", "RUN true"], "nobody-knows"),
                    (["SHELL [\"/bin/bash\", \"-c\"]", "RUN true"], "/bin/bash"),
                    (["COPY --chown=stranger a /"], "stranger"), (["RUN kill -9 $$"], "9"),
                    (["COPY a /etc/passwd/b"], "passwd"),
                ] {
                    let context = try manifold.context(
                        (["ARG BASE", "FROM $BASE"] + instructions).joined(separator: "\n"), files: ["a": "1"])
                    let log = try await manifold.build(try Program.busybox, context)
                    #expect(log.result.status == .exited(1), log.comment)
                    #expect(log.message.contains("line") && log.message.contains(words), log.comment)
                }
            }
        }

        @Test("an output that cannot be written is an error, and is not half there")
        func unwritableOutput() async throws {
            try await Manifold.with { manifold in
                let context = try manifold.context(Program.dockerfile("COPY a /"), files: ["a": "1"])
                for destination in ["/proc/none/out.tar", "/sys/out/", "\(context)/a/out.tar"] {
                    let log = try await manifold.build(
                        try Program.busybox + ["--output", "type=oci,dest=\(destination)"], context)
                    #expect(log.result.status == .exited(1), log.comment)
                    #expect(log.message.contains("cannot") || log.message.contains("not"), log.comment)
                }
            }
        }

        @Test("a closed standard input, and closed outputs, do no harm")
        func closedDescriptors() async throws {
            try await Manifold.with { manifold in
                let dockerfile = Program.dockerfile("RUN cat; echo read", "COPY a /")
                let input = try await Program.build(
                    dockerfile, files: ["a": "1"], with: manifold, .script("exec \"$@\" <&-"))
                #expect(input.succeeded, input.comment)
                #expect(input.output(of: "linux/amd64") == ["read"])
                let outputs = try await Program.build(
                    dockerfile, ["--no-cache"], with: manifold, .script("exec \"$@\" <&- >&- 2>&-"))
                #expect(outputs.succeeded, outputs.comment)
                #expect(try ImageLayout(manifold.path("out")).image("linux/amd64").layers.count == 3)
            }
        }
    }
}
