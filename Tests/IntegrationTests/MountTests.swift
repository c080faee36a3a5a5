// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import SystemPackage
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

        @Test("secrets and agents have the owner and mode that are asked for, below relative paths, too")
        func lentFiles() async throws {
            try await Manifold.with { manifold in
                let log = try await Program.build(
                    Program.dockerfile(
                        "WORKDIR /w",
                        "RUN --mount=type=secret,id=s,target=deep/s,uid=33,gid=4,mode=0440 stat -c '%u:%g %a %n' deep/s",
                        "USER 33",
                        "RUN --mount=type=secret,id=s,uid=33 --mount=type=secret,id=s,env=S,target=/t cat /run/secrets/s; echo $S; cat /t 2>/dev/null || echo closed",
                        "USER 0", "RUN ls -A /w /run; test ! -e /t && echo gone",
                        "RUN --mount=type=ssh ls /run/buildkit 2>/dev/null; echo ${SSH_AUTH_SOCK:-none}"),
                    ["--secret", "id=s,env=S"], with: manifold, .environment(["S": "hidden\n"]))
                try #require(log.succeeded, log.comment)
                #expect(
                    log.output(of: "linux/amd64") == [
                        "33:4 440 deep/s", "hidden", "hidden", "closed", "/run:", "", "/w:", "gone", "none",
                    ], log.comment)
                let missing = try await Program.build(
                    Program.dockerfile("RUN --mount=type=ssh,required true"), with: manifold)
                #expect(missing.comment.description.contains("ssh agent default: not found"), missing.comment)
            }
        }

        @Test(
            "keys in an agent that is there for the build alone, for the user that the mount names",
            arguments: Manifold.Account.available)
        func keys(account: Manifold.Account) async throws {
            try await Manifold.with(account) { manifold in
                let key = manifold.path("key")
                for (name, phrase) in [("key", ""), ("locked", "word")] {
                    let made = try await ChildProcess.run(
                        "ssh-keygen",
                        ["-q", "-t", "ed25519", "-N", phrase, "-C", name, "-f", manifold.path(name).string])
                    try #require(made.succeeded, made.comment)
                }
                try await BaseImages.push("debian-gcc", to: SharedRegistry.registry)
                // Whoever builds has to own a key.
                let copies = ["key", "locked"].map {
                    "install -m 600 \(manifold.path($0)) \(manifold.path("my-" + $0))"
                }
                let mine = Manifold.Setting.script(copies.joined(separator: "; ") + "; exec \"$@\"")
                _ = try await ChildProcess.run("chmod", ["644", key.string, manifold.path("locked").string])
                let dockerfile = """
                    FROM \(try SharedRegistry.host)/debian-gcc
                    RUN --mount=target=/src gcc -o /ask /src/ask.c
                    RUN --mount=type=ssh stat -c '%u %a' $SSH_AUTH_SOCK && /ask
                    USER 33
                    RUN --mount=type=ssh,id=other,uid=33,target=/agent,mode=0600 /ask
                    RUN --mount=type=ssh,target=/agent,mode=0600 /ask || echo refused

                    """
                let log = try await Program.build(
                    dockerfile, files: ["ask.c": Self.client],
                    ["--ssh", "default=\(manifold.path("my-key"))", "--ssh", "other=\(manifold.path("my-key"))"],
                    with: manifold, mine)
                try #require(log.succeeded, log.comment)
                #expect(log.output(of: "linux/amd64") == ["0 600", "1", "1", "refused"], log.comment)
                #expect(ProcessTable.processes(with: "ssh-agent", "manifold-ssh").isEmpty)

                let locked = try await Program.build(
                    dockerfile, ["--ssh", "default=\(manifold.path("my-locked"))"], with: manifold, mine)
                #expect(!locked.succeeded)
                #expect(locked.message.contains("a key with a passphrase"), locked.comment)
                #expect(locked.titles.isEmpty)
                let none = try await Program.build(
                    dockerfile, ["--ssh", "default=\(manifold.path("nothing"))"], with: manifold)
                #expect(none.message.contains("there is no"), none.comment)
            }
        }

        /// Asks an agent how many keys it has, in the words of its protocol (a request of type 11); the base has no
        /// ssh-add.
        private static let client = #"""
            #include <stdio.h>
            #include <stdlib.h>
            #include <string.h>
            #include <sys/socket.h>
            #include <sys/un.h>
            int main(void) {
                struct sockaddr_un address = {.sun_family = AF_UNIX};
                strcpy(address.sun_path, getenv("SSH_AUTH_SOCK"));
                int agent = socket(AF_UNIX, SOCK_STREAM, 0);
                unsigned char answer[9];
                if (connect(agent, (struct sockaddr *)&address, sizeof address) < 0) return 1;
                send(agent, "\0\0\0\1\13", 5, 0);
                if (recv(agent, answer, 9, MSG_WAITALL) != 9) return 2;
                return printf("%d\n", answer[8]) < 0;
            }

            """#

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
