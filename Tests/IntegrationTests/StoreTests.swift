// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import FoundationEssentials
import SystemPackage
import TestSupport
import Testing

extension Program {
    @Suite("The store")
    struct StoreTests {
        @Test("prune empties the store, of whomever its files are", arguments: Manifold.Account.available)
        func prune(account: Manifold.Account) async throws {
            try await Manifold.with(account) { manifold in
                let log = try await Program.build(
                    Program.dockerfile("RUN mkdir -m 0 /closed && chown 5:5 /closed && touch /a && chmod 0 /a"),
                    with: manifold)
                try #require(log.succeeded, log.comment)
                let result = try await manifold.run(["prune"])
                #expect(result.succeeded, result.comment)
                let files = try FileManager.default.subpathsOfDirectory(atPath: manifold.store.string)
                let kept = files.filter { path in
                    var isDirectory = false
                    let exists = FileManager.default.fileExists(
                        atPath: manifold.store.pushing(FilePath(path)).string, isDirectory: &isDirectory)
                    return exists && !isDirectory && !["version", "lock"].contains(path)
                }
                #expect(kept == [])
                let again = try await manifold.run(["prune"])
                #expect(again.succeeded, again.comment)
                let built = try await Program.build(Program.dockerfile("RUN true"), with: manifold)
                #expect(built.outcomes(of: "RUN") == ["done"], built.comment)
            }
        }

        @Test("two builds at once share a store")
        func sharing() async throws {
            try await Manifold.with { manifold in
                let contexts = try (1...2).map { number in
                    try manifold.context(
                        Program.dockerfile("COPY a /", "RUN cat /a > /b", "RUN echo \(number) > /c"), files: ["a": "1"],
                        name: "context-\(number)")
                }
                let logs = try await withThrowingTaskGroup(of: BuildLog.self) { group in
                    for (number, context) in contexts.enumerated() {
                        group.addTask {
                            try await manifold.build(
                                try Program.busybox + ["--platform", "linux/amd64,linux/arm64"]
                                    + Program.layout(manifold, "out-\(number)"), context)
                        }
                    }
                    var logs: [BuildLog] = []
                    for try await log in group { logs.append(log) }
                    return logs
                }
                for log in logs { #expect(log.succeeded, log.comment) }
            }
        }

        @Test("somebody else's store is an error", .requiresRoot("it takes two users"))
        func somebodyElses() async throws {
            try await Manifold.with(.root) { manifold in
                let dockerfile = Program.dockerfile("RUN true")
                let first = try await Program.build(dockerfile, with: manifold)
                try #require(first.succeeded, first.comment)
                let second = try await Program.build(dockerfile, with: manifold.other(.ordinary))
                #expect(second.result.status == .exited(1), second.comment)
                #expect(second.message.contains(manifold.store.string), second.comment)
                #expect(second.message.contains("--root"), second.comment)
            }
        }

        @Test(
            "a full disk is an error that names it, and the store is good afterwards",
            .requiresRoot("it mounts a small disk"))
        func fullDisk() async throws {
            try await Manifold.with { manifold in
                let context = try manifold.context(Program.dockerfile("RUN dd if=/dev/urandom of=/big bs=1M count=30"))
                let disk = "mount -t tmpfs -o size=12m,mode=1777 none \(manifold.directory)/disk && exec \"$@\""
                try FileManager.default.createDirectory(
                    atPath: manifold.path("disk").string, withIntermediateDirectories: true)
                let around = ["unshare", "--mount", "--propagation", "private", "sh", "-c", disk, "sh"]
                let setting = Manifold.Setting(
                    environment: ["MANIFOLD_ROOT": manifold.path("disk/store").string], around: around)
                let log = try await manifold.build(try Program.busybox, context, setting)
                #expect(log.result.status == .exited(1), log.comment)
                #expect("\(log)".contains("No space left on device"), log.comment)

                // The program's own writing meets the end of the disk.
                let copied = try manifold.context(Program.dockerfile("COPY big /"), name: "copied")
                let noise = try await ChildProcess.run(
                    "dd", ["if=/dev/urandom", "of=\(copied)/big", "bs=1M", "count=20", "status=none"])
                try #require(noise.succeeded, noise.comment)
                _ = try await ChildProcess.run("chmod", ["a+rw", "\(copied)/big"])
                var then = setting
                let next = manifold.path("next")
                then.within = [
                    "/bin/sh", "-c",
                    "\"$@\"; status=$?; echo small > \(copied)/big; \"$@\" 2> \(next).log; echo $? > \(next); exit $status",
                    "sh",
                ]
                let full = try await manifold.build(try Program.busybox, copied, then)
                #expect(full.result.status == .exited(1), full.comment)
                #expect(full.message.contains("No space left on device"), full.comment)
                #expect(full.message.contains("\(manifold.path("disk"))"), full.comment)
                #expect(full.message.contains("free some space"), full.comment)
                let words = try manifold.text(of: manifold.path("next.log"))
                #expect(try manifold.text(of: next) == "0\n", "\(words)")
            }
        }

        @Test("a store that cannot be made is an error")
        func unwritable() async throws {
            try await Manifold.with { manifold in
                let context = try manifold.context(Program.dockerfile("RUN true"))
                let log = try await manifold.build(
                    try Program.busybox, context, .environment(["MANIFOLD_ROOT": "/proc/store"]))
                #expect(log.result.status == .exited(1), log.comment)
                #expect(log.message.contains("/proc/store") && log.message.contains("cannot"), log.comment)
            }
        }
    }
}
