// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import FoundationEssentials
import Glibc
import SystemPackage
import TestSupport
import Testing

extension Program {
    @Suite("The files of an image as output: local and tar")
    struct FileOutputTests {
        private static let dockerfile = Program.dockerfile(
            "RUN rm -rf /usr/share /bin/busybox-none; mkdir /d /e && echo hi > /d/f && ln /d/f /e/g && ln -s f /d/s"
                + " && chmod 4750 /d/f && chown 5:6 /d && mkfifo /d/pipe && echo gone > /d/gone && touch /tail",
            "RUN rm /d/gone && echo new > /tail")

        private func list(_ directory: FilePath) async throws -> String {
            let result = try await ChildProcess.run(
                "find", [directory.string, "-mindepth", "1", "-printf", "%P %y %m %s %n %l\\n"])
            return result.output.split(separator: "\n").sorted().joined(separator: "\n")
        }

        @Test("a directory gets the files of whoever builds; links, modes and sizes are those that tar has")
        func localAndTar() async throws {
            try await Manifold.with { manifold in
                let context = try manifold.context(Self.dockerfile)
                let out = manifold.path("out")
                let tar = manifold.path("out.tar")
                let log = try await manifold.build(
                    try Program.busybox + ["-o", out.string, "-o", "type=tar,dest=\(tar)"], context)
                try #require(log.succeeded, log.comment)
                #expect(log.events.last?["names"].array.compactMap(\.string) == [out.string, tar.string])
                #expect(
                    log.events.contains {
                        $0["event"] == "warning" && $0["message"].string?.contains("/d/pipe") == true
                    }, log.comment)
                let unpacked = manifold.path("unpacked")
                try FileManager.default.createDirectory(atPath: unpacked.string, withIntermediateDirectories: true)
                let result = try await ChildProcess.run(
                    "tar",
                    [
                        "--extract", "--preserve-permissions", "--no-same-owner", "--exclude", "d/pipe", "--file",
                        tar.string, "--directory", unpacked.string,
                    ])
                #expect(result.succeeded, result.comment)
                let files = try await list(out)
                // But for the set-user-ID bit: the files belong to somebody else now.
                let inTar = try await list(unpacked).replacing("f 4750", with: "f 750")
                #expect(files == inTar)
                #expect(files.contains("d/f f 750 3 2") && files.contains("e/g f 750 3 2"), "\(files)")
                #expect(files.contains("d/s l 777 1 1 f") && !files.contains("d/gone"), "\(files)")
                #expect(try manifold.text(of: out.appending("tail")) == "new\n")
                let listed = try await ChildProcess.run("tar", ["--list", "-v", "--numeric-owner", "-f", tar.string])
                #expect(listed.output.contains("drwxr-xr-x 5/6"), listed.comment)
            }
        }

        @Test("what is in the directory stays, or goes by mode=delete; nothing is written through its links")
        func merging() async throws {
            try await Manifold.with { manifold in
                let context = try manifold.context("FROM scratch\nCOPY a /sub/a\nCOPY a /b\n", files: ["a": "1"])
                let out = manifold.path("out")
                try manifold.write("mine", to: out.appending("mine"))
                try manifold.write("elsewhere", to: manifold.path("elsewhere/a"))
                _ = try await ChildProcess.run("ln", ["-s", manifold.path("elsewhere").string, "\(out)/sub"])
                _ = try await ChildProcess.run("ln", ["-s", "mine", "\(out)/b"])
                // What an export left behind that was killed.
                try manifold.write("1", to: out.appending(".manifold-export-1").appending("7"))
                _ = try await ChildProcess.run("chmod", ["-R", "a+rwX", out.string])
                let log = try await manifold.build(["-o", out.string], context)
                try #require(log.succeeded, log.comment)
                #expect(try manifold.text(of: out.appending("sub").appending("a")) == "1")
                #expect(try manifold.text(of: manifold.path("elsewhere/a")) == "elsewhere")
                #expect(try manifold.text(of: out.appending("mine")) == "mine")
                #expect(try manifold.text(of: out.appending("b")) == "1")
                let names = ["b", "mine", "sub"]
                #expect(try FileManager.default.contentsOfDirectory(atPath: out.string).sorted() == names)

                let deleting = try await manifold.build(["-o", "type=local,dest=\(out),mode=delete"], context)
                try #require(deleting.succeeded, deleting.comment)
                #expect(try FileManager.default.contentsOfDirectory(atPath: out.string).sorted() == ["b", "sub"])

                try manifold.write("mine", to: manifold.path("dir/b/keep"))
                _ = try await ChildProcess.run("chmod", ["-R", "a+rwX", manifold.path("dir").string])
                let blocked = try await manifold.build(["-o", manifold.path("dir").string], context)
                #expect(!blocked.succeeded && blocked.message.contains("dir/b is a directory"), blocked.comment)
                #expect(try manifold.text(of: manifold.path("dir/b/keep")) == "mine")
                #expect(try FileManager.default.contentsOfDirectory(atPath: manifold.path("dir").string) == ["b"])
            }
        }

        @Test("several platforms get a directory each; in one they must agree, and a failure publishes nothing")
        func platforms() async throws {
            try await Manifold.with { manifold in
                let platforms = ["--platform", "linux/amd64,linux/arm/v7"]
                let same = try manifold.context("FROM scratch\nCOPY a /x/a\n", files: ["a": "1"], name: "same")
                let out = manifold.path("out")
                let tar = manifold.path("merged.tar")
                let log = try await manifold.build(
                    platforms + ["-o", out.string, "-o", "type=tar,platform-split=false,dest=\(tar)"], same)
                try #require(log.succeeded, log.comment)
                for folder in ["linux_amd64", "linux_arm_v7"] {
                    #expect(try manifold.text(of: out.pushing(FilePath("\(folder)/x/a"))) == "1")
                }
                let list = try await ChildProcess.run("tar", ["--list", "--file", tar.string])
                #expect(list.output == "x/\nx/a\n", list.comment)

                let name = "\(try SharedRegistry.host)/unpublished:1"
                let different = try manifold.context(
                    "FROM scratch\nARG TARGETARCH\nCOPY $TARGETARCH /x\n", files: ["amd64": "1", "arm": "2"],
                    name: "different")
                let failed = try await manifold.build(
                    platforms + [
                        "--push", "-t", name, "-o", "type=oci,dest=\(manifold.path("early.tar"))", "-o",
                        "type=local,platform-split=false,dest=\(manifold.path("all"))",
                    ], different)
                #expect(!failed.succeeded && failed.message.contains("/x is not the same"), failed.comment)
                #expect(failed.message.contains("linux/amd64") && failed.message.contains("linux/arm/v7"))
                #expect(try await Program.raw(name) == nil)
                let left = try FileManager.default.contentsOfDirectory(atPath: manifold.directory.string)
                #expect(!left.contains { $0.hasPrefix("early.tar") }, "\(left)")
                #expect(!FileManager.default.fileExists(atPath: manifold.path("all").string))
            }
        }

        @Test("- is standard output, for files and for images, and gets nothing else")
        func standardOutput() async throws {
            try await Manifold.with { manifold in
                let context = try manifold.context("FROM scratch\nCOPY a /\n", files: ["a": "1"])
                for (output, name) in [("-", "a"), ("type=oci", "index.json"), ("type=docker,dest=-", "manifest.json")]
                {
                    let result = try await manifold.run(["build", "-q", "-o", output, context.string])
                    try #require(result.succeeded, "\(result.errorOutput)")
                    let archive = manifold.path("piped.tar")
                    try Data(result.stdout).write(to: URL(filePath: archive.string))
                    let list = try await ChildProcess.run("tar", ["--list", "--file", archive.string])
                    #expect(
                        list.succeeded && list.output.split(separator: "\n").contains(Substring(name)), list.comment)
                }
            }
        }

        @Test(
            "a file that is a symbolic link stays one, and what it names is written",
            arguments: ["tar", "oci", "docker"])
        func linkedFile(type: String) async throws {
            try await Manifold.with { manifold in
                let context = try manifold.context("FROM scratch\nCOPY a /\n", files: ["a": "1"])
                let link = manifold.path("link.tar").string
                try #require(symlink("target.tar", link) == 0)
                // At first the target is not there yet.
                for _ in 0..<2 {
                    let log = try await manifold.build(["-o", "type=\(type),dest=\(link)"], context)
                    try #require(log.succeeded, log.comment)
                    #expect(try FileManager.default.destinationOfSymbolicLink(atPath: link) == "target.tar")
                    let list = try await ChildProcess.run(
                        "tar", ["--list", "--file", "\(manifold.path("target.tar"))"])
                    #expect(list.succeeded && !list.output.isEmpty, list.comment)
                }
            }
        }

        @Test(
            "files for programs are looked at before the build, and streams are written into",
            arguments: ["iid", "metadata"])
        func reportFiles(kind: String) async throws {
            try await Manifold.with { manifold in
                let context = try manifold.context("FROM scratch\nCOPY a /\n", files: ["a": "1"])
                let flag = kind == "iid" ? "--iidfile" : "--metadata-file"
                let out = manifold.path("out.tar")
                for (place, words) in [
                    ("none/file", ["there is no directory", "make the directory"]), (".", ["directory"]),
                ] {
                    let log = try await manifold.build(
                        [flag, manifold.path(place).string, "-o", "type=tar,dest=\(out)"], context)
                    #expect(log.result.status == .exited(1), log.comment)
                    for word in words { #expect(log.message.contains(word), log.comment) }
                    #expect(!FileManager.default.fileExists(atPath: out.string))
                }
                let result = try await manifold.run([
                    "build", flag, "/dev/stdout", "--progress", "quiet", context.string,
                ])
                try #require(result.succeeded, result.comment)
                #expect(result.output.contains("sha256:"), result.comment)
                // A link stays, and so does what is no file.
                let link = manifold.path("link").string
                try #require(symlink("/dev/null", link) == 0)
                let log = try await manifold.build([flag, link], context)
                #expect(log.succeeded, log.comment)
                #expect(try FileManager.default.destinationOfSymbolicLink(atPath: link) == "/dev/null")
            }
        }

        @Test("a full disk is named, and what was there stays", .requiresRoot("it mounts a small disk"))
        func fullDisk() async throws {
            try await Manifold.with { manifold in
                let context = try manifold.context(Program.dockerfile("RUN dd if=/dev/urandom of=/big bs=1M count=8"))
                let disk = manifold.path("disk")
                try FileManager.default.createDirectory(atPath: disk.string, withIntermediateDirectories: true)
                let mount = "mount -t tmpfs -o size=4m,mode=1777 none \(disk) && echo old > \(disk)/out && exec \"$@\""
                let around = ["unshare", "--mount", "--propagation", "private", "sh", "-c", mount, "sh"]
                for output in ["type=tar,dest=\(disk)/out", "type=oci,dest=\(disk)/out", "\(disk)/files"] {
                    var setting = Manifold.Setting(around: around)
                    setting.within = [
                        "/bin/sh", "-c", "\"$@\"; status=$?; ls -A \(disk) \(disk)/files; exit $status", "sh",
                    ]
                    let log = try await manifold.build(try Program.busybox + ["-o", output], context, setting)
                    #expect(log.result.status == .exited(1), log.comment)
                    #expect(log.message.contains("cannot write \(disk)/"), log.comment)
                    #expect(log.message.contains("No space left on device"), log.comment)
                    let left = log.result.output.split(separator: "\n").filter { !$0.hasSuffix(":") }
                    #expect(Set(left).isSubset(of: ["out", "files"]), "\(left)")
                }
            }
        }

        @Test("a destination that cannot be written is named, before anything runs")
        func unwritable() async throws {
            try await Manifold.with { manifold in
                let context = try manifold.context(Program.dockerfile("RUN true"))
                try manifold.write("", to: manifold.path("file"))
                for output in ["\(manifold.path("file"))/x", "type=tar,dest=/proc/none/x.tar", "type=oci,dest=/proc/x"]
                {
                    let log = try await manifold.build(try Program.busybox + ["-o", output], context)
                    #expect(!log.succeeded && log.message.contains("cannot write"), log.comment)
                    #expect(log.outcomes(of: "RUN").isEmpty)
                }
            }
        }
    }
}
