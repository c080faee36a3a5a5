// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import Glibc
import TestSupport
import Testing

extension Program {
    @Suite("manifold run")
    struct RunImageTests {
        @Test(
            "the command runs in the platform's image: output, variables, directory, user and exit code are as asked",
            arguments: [("linux/amd64", "x86_64"), ("linux/arm64", "aarch64")])
        func asked(platform: String, machine: String) async throws {
            try await Manifold.with { manifold in
                let script = "uname -m; echo $WORD $TAKEN; pwd; id -u; echo wrong >&2; exit 7"
                let result = try await manifold.run(
                    [
                        "run", "--rm", "--platform", platform, "-e", "WORD=said", "--env", "TAKEN", "-w", "/etc",
                        "-u", "12", "\(try SharedRegistry.host)/busybox", "sh", "-c", script,
                    ], .environment(["TAKEN": "over"]))
                #expect(result.status == .exited(7), result.comment)
                #expect(result.output == "\(machine)\nsaid over\n/etc\n12\n", result.comment)
                #expect(result.errorOutput == "wrong\n", result.comment)
            }
        }

        @Test(
            "what was built and not pushed runs, with its own command, or another entrypoint and arguments like flags")
        func built() async throws {
            try await Manifold.with { manifold in
                let context = try manifold.context(
                    Program.dockerfile(#"ENTRYPOINT ["echo", "own"]"#, #"CMD ["words"]"#))
                let built = try await manifold.build(
                    try Program.busybox + ["--platform", "linux/arm64", "-t", "me/app"], context)
                try #require(built.succeeded, built.comment)
                for (arguments, expected) in [
                    (["me/app"], "own words\n"), (["me/app", "-e", "--x=true", "--help"], "own -e --x=true --help\n"),
                    (["--entrypoint", "uname", "store:me/app", "-m"], "aarch64\n"),
                ] {
                    let result = try await manifold.run(["run"] + arguments)
                    #expect(result.status == .exited(0) && result.output == expected, result.comment)
                }
                // The store's image is for another platform: it is asked whether the registry has more.
                let name = "\(try SharedRegistry.host)/busybox"
                let tagged = try await manifold.run(["tag", "me/app", name])
                try #require(tagged.succeeded, tagged.comment)
                let fetched = try await manifold.run(["run", "--platform", "linux/amd64", name, "uname", "-m"])
                #expect(fetched.output == "x86_64\n", fetched.comment)
            }
        }

        @Test("failures have docker's exit codes and say what failed")
        func failures() async throws {
            try await Manifold.with { manifold in
                let image = "\(try SharedRegistry.host)/busybox"
                for (arguments, code, words) in [
                    ([image, "no-such-program"], 127, "no-such-program"), ([image, "/etc/passwd"], 126, "/etc/passwd"),
                    (["--no-such-option", image], 125, "--no-such-option"),
                    (["--network", "moon", image], 125, "moon"), (["-v", "/no/such:/x", image], 125, "/no/such"),
                    (["--platform", "linux/s390x", image], 125, "s390x"),
                    ([image, "sh", "-c", "kill -9 $$"], 137, ""),
                ] as [([String], Int32, String)] {
                    let result = try await manifold.run(["run"] + arguments)
                    #expect(result.status == .exited(code), result.comment)
                    #expect(result.errorOutput.contains(words) || words.isEmpty, result.comment)
                }
            }
        }

        @Test("variables from files, mounts, a root that is only read, and names are as docker has them")
        func settings() async throws {
            try await Manifold.with { manifold in
                let image = "\(try SharedRegistry.host)/busybox"
                try manifold.write("# comment\n\nONE=from file\nTWO=file\nTAKEN\nABSENT\n", to: manifold.path("list"))
                try manifold.write("content\n", to: manifold.path("data/file"))
                let script = """
                    echo "$ONE,$TWO,$TAKEN,${ABSENT-none}"; hostname; grep -c '10.1.2.3 *.*other' /etc/hosts
                    cat /data/in/file; touch /x 2>&1; touch /data/y && echo written; touch /data/in/z 2>&1
                    stat -c %a /memory; df -k /memory | tail -1 | awk '{ print $2 }'
                    """
                let result = try await manifold.run(
                    [
                        "run", "--init", "--env-file", "list", "-e", "TWO=flag", "--hostname", "box", "--add-host",
                        "other:10.1.2.3", "--read-only", "--mount", "type=bind,src=data,dst=/data/in,readonly",
                        "--tmpfs", "/data", "--mount", "type=tmpfs,dst=/memory,tmpfs-size=1m,tmpfs-mode=700", image,
                        "sh",
                        "-c", script,
                    ], .init(environment: ["TAKEN": "taken"], workingDirectory: manifold.directory))
                #expect(
                    result.output == """
                        from file,flag,taken,none
                        box
                        1
                        content
                        touch: /x: Read-only file system
                        written
                        touch: /data/in/z: Read-only file system
                        700
                        1024

                        """, result.comment)
            }
        }

        @Test("what is built here is run or passed over, and a registry asked or not, as --pull says")
        func pullPolicy() async throws {
            try await Manifold.with { manifold in
                let name = "\(try SharedRegistry.host)/busybox"
                let absent = try await manifold.run(["run", "--pull", "never", name, "true"])
                #expect(absent.status == .exited(125) && absent.errorOutput.contains("busybox"), absent.comment)
                let built = try await manifold.build(
                    try Program.busybox + ["-t", name], try manifold.context(Program.dockerfile("RUN touch /built")))
                try #require(built.succeeded, built.comment)
                for (policy, code) in [("never", 0), ("missing", 0), ("always", 1)] as [(String, Int32)] {
                    let result = try await manifold.run(["run", "--pull", policy, name, "test", "-e", "/built"])
                    #expect(result.status == .exited(code), result.comment)
                }
            }
        }

        @Test(
            "what cannot be is refused with the reason and what to do instead",
            arguments: [
                (["-d"], "no daemon"), (["-itd"], "no daemon"), (["--name", "x"], "has no name"),
                (["-p", "80:80"], "this machine's network"), (["--publish=80:80"], "this machine's network"),
                (["-v", "data:/data"], "no named volumes"), (["-v", "/tmp:/."], "nothing can be mounted at /"),
                (["--mount", "src=data,dst=/data"], "no mounts of type volume"),
                (["--mount", "type=bind,dst=/data"], "src is missing"), (["--tmpfs", "x"], "there is no path"),
                (["--env-file", "/no/such"], "there is no such file"), (["--hostname", ""], "no host name"),
                (["-v", "./absent:/x"], "No such file"),
            ])
        func refused(flags: [String], words: String) async throws {
            try await Manifold.with { manifold in
                let result = try await manifold.run(["run"] + flags + ["\(try SharedRegistry.host)/busybox", "true"])
                #expect(result.status == .exited(125) && result.errorOutput.contains(words), result.comment)
            }
        }

        @Test("input is passed on with -i alone, and files of this machine are seen where they are mounted")
        func inputAndMounts() async throws {
            try await Manifold.with { manifold in
                let image = "\(try SharedRegistry.host)/busybox"
                try manifold.write("content\n", to: manifold.path("data/file"))
                let input = Manifold.Setting.script("echo typed | \"$@\"")
                for (flags, expected) in [([], ""), (["-i"], "typed\n")] {
                    let result = try await manifold.run(["run"] + flags + [image, "cat"], input)
                    #expect(result.status == .exited(0) && result.output == expected, result.comment)
                }
                let mounted = try await manifold.run([
                    "run", "--network", "none", "-v", "\(manifold.path("data")):/data:ro", image, "sh", "-c",
                    "cat /data/file; touch /data/new || ls /sys/class/net",
                ])
                #expect(mounted.output == "content\nlo\n", mounted.comment)
            }
        }

        @Test("a signal reaches the command, which ends as it likes", arguments: ["INT", "TERM", "QUIT", "USR1"])
        func signals(name: String) async throws {
            try await Manifold.with { manifold in
                let image = "\(try SharedRegistry.host)/busybox"
                // The program is told once the command says that it listens.
                let told = Manifold.Setting.script(
                    "mkfifo \(manifold.path("lines")); env --default-signal=INT,QUIT \"$@\" > \(manifold.path("lines")) & "
                        + "{ read line; kill -\(name) $!; cat; } < \(manifold.path("lines")); wait $!")
                let script = "trap 'echo got; exit 9' \(name); echo ready; while :; do sleep 0.1; done"
                let result = try await manifold.run(["run", image, "sh", "-c", script], told, timeout: .seconds(30))
                #expect(result.status == .exited(9) && result.output == "got\n", result.comment)
            }
        }
    }
}
