// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import TestSupport
import Testing

extension Program {
    @Suite("What a RUN step mounts")
    struct MountTests {
        @Test(
            "files of the context, without what is ignored, read-only or to be thrown away",
            arguments: Manifold.Account.available)
        func context(account: Manifold.Account) async throws {
            try await Manifold.with(account) { manifold in
                let dockerfile = Program.dockerfile(
                    "WORKDIR /w",
                    "RUN --mount=target=ctx cd ctx && find . -type f | sort && stat -c %u:%g sub/file",
                    "RUN --mount=target=/ctx touch /ctx/new 2>/dev/null || echo read-only",
                    "RUN --mount=target=/ctx,rw echo changed >/ctx/sub/file && cat /ctx/sub/file",
                    "RUN --mount=source=sub/file,target=/one cat /one; test ! -e /ctx && echo gone")
                let files = ["sub/file": "content\n", "secret": "x", ".dockerignore": "secret\n"]
                let log = try await Program.build(dockerfile, files: files, with: manifold)
                try #require(log.succeeded, log.comment)
                #expect(
                    log.output(of: "linux/amd64") == [
                        "./.dockerignore", "./Dockerfile", "./sub/file", "0:0", "read-only", "changed", "content",
                        "gone",
                    ], log.comment)
                let again = try await Program.build(dockerfile, files: files, with: manifold)
                #expect(again.output(of: "linux/amd64").isEmpty, again.comment)
            }
        }

        @Test("files of a stage and of an image; only a change of what is mounted runs the step again")
        func stage() async throws {
            try await Manifold.with { manifold in
                func dockerfile(_ text: String) throws -> String {
                    """
                    ARG BASE
                    FROM $BASE AS made
                    RUN mkdir /out && echo same >/out/file && echo \(text) >/other
                    FROM $BASE
                    RUN --mount=from=made,source=/out,target=/in cat /in/file
                    RUN --mount=from=\(try SharedRegistry.host)/busybox,target=/image ls -d /image/bin

                    """
                }
                let first = try await Program.build(try dockerfile("one"), with: manifold)
                try #require(first.succeeded, first.comment)
                #expect(first.output(of: "linux/amd64") == ["same", "/image/bin"], first.comment)
                let second = try await Program.build(try dockerfile("two"), with: manifold)
                try #require(second.succeeded, second.comment)
                #expect(second.output(of: "linux/amd64").isEmpty, second.comment)
            }
        }

        @Test("a cache stays from build to build, for each platform its own unless it has an id")
        func caches() async throws {
            try await Manifold.with { manifold in
                for (number, mount) in ["type=cache,target=/c", "type=cache,id=all,target=/d,sharing=locked"]
                    .enumerated()
                {
                    let dockerfile = Program.dockerfile(
                        "ARG RUN", "RUN --mount=\(mount) cd /[cd] && echo $RUN-$(uname -m) >>log; wc -l <log")
                    for round in 1...2 {
                        let log = try await Program.build(
                            dockerfile, platforms: "linux/amd64,linux/arm64", ["--build-arg", "RUN=\(round)"],
                            with: manifold)
                        try #require(log.succeeded, log.comment)
                        let counts = ["linux/amd64", "linux/arm64"].flatMap { log.output(of: $0) }.compactMap {
                            Int($0)
                        }
                        let expected = number == 0 ? [round, round] : [2 * round - 1, 2 * round]
                        #expect(counts.sorted() == expected, log.comment)
                    }
                }
            }
        }

        @Test("secrets as file and as variable, and nothing of them in the image or the store's records")
        func secrets() async throws {
            try await Manifold.with { manifold in
                let log = try await Program.build(
                    Program.dockerfile(
                        "RUN --mount=type=secret,id=token cat /run/secrets/token; stat -c %a /run/secrets/token",
                        "RUN --mount=type=secret,id=word,env=WORD test \"$WORD\" = hidden && echo known",
                        "RUN --mount=type=secret,id=none ls /run/secrets 2>/dev/null; echo optional",
                        "RUN ls -A /run; env | grep -c hidden; true"),
                    ["--secret", "id=token,env=TOKEN", "--secret", "id=word,env=WORD"], with: manifold,
                    .environment(["TOKEN": "s3cret\n", "WORD": "hidden"]))
                try #require(log.succeeded, log.comment)
                #expect(log.output(of: "linux/amd64") == ["s3cret", "400", "known", "optional", "0"], log.comment)

                let missing = try await Program.build(
                    Program.dockerfile("RUN --mount=type=secret,id=none,required true"), with: manifold)
                #expect(!missing.succeeded)
                #expect(missing.comment.description.contains("secret none: not found"), missing.comment)
            }
        }

        @Test("memory that is empty, writable and gone afterwards")
        func memory() async throws {
            try await Manifold.with { manifold in
                let log = try await Program.build(
                    Program.dockerfile(
                        "RUN --mount=type=tmpfs,target=/tmp/t,size=1m touch /tmp/t/x && df -k /tmp/t | awk 'END { print $2 }'",
                        "RUN ls -A /tmp"),
                    with: manifold)
                try #require(log.succeeded, log.comment)
                #expect(log.output(of: "linux/amd64") == ["1024"], log.comment)
            }
        }
    }
}
