// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import FoundationEssentials
import Glibc
import SystemPackage
import TestSupport
import Testing
import sandbox_probe

extension Trait where Self == ConditionTrait {
    /// Skips a test that plays an ordinary user in a mount namespace of its own.
    static var requiresRoot: ConditionTrait {
        .enabled(if: getuid() == 0, "needs root, to play an ordinary user without ids of his own")
    }
}

@Suite("Entering the user namespace")
struct EntryTests {
    /// Runs the probe as user 4243 "guest" with these files bound over the host's, in a mount namespace of its own.
    private func probe(
        subuid: String, path: String = "/usr/bin:/bin", prepare: String = ":"
    ) async throws -> ProbeResult {
        let directory = try ProbeDirectory()
        let script = """
            set -e
            mount --make-rprivate /
            cp /etc/passwd passwd; echo guest:x:4243:4243::/:/bin/sh >>passwd
            printf '%s' "$2" >subuid
            mount --bind passwd /etc/passwd; mount --bind subuid /etc/subuid; mount --bind subuid /etc/subgid
            \(prepare)
            PATH="$3" exec $(command -v setpriv) --reuid 4243 --regid 4243 --clear-groups "$1" </dev/null
            """
        let child = try await ChildProcess.run(
            "unshare", ["-m", "sh", "-c", script, "sh", ProbeDirectory.command(.caller)[0], subuid, path],
            workingDirectory: directory.path)
        return try #require(try? JSONDecoder().decode(ProbeResult.self, from: Data(child.stdout)), "\(child)")
    }

    @Test("without a range of ids: who, which file, and the command that mends it", .requiresRoot)
    func noRange() async throws {
        let result = try await probe(subuid: "other:100000:65536\n")
        #expect(result.error == "the user guest has no range of subordinate ids in /etc/subuid")
        #expect(
            result.remedy
                == "give the user a range of subordinate ids: sudo usermod --add-subuids 100000-165535 "
                + "--add-subgids 100000-165535 guest"
        )
    }

    @Test(
        "a range by number and several ranges do", .requiresRoot,
        arguments: ["4243:300000:65536\n", "guest:300000:1000\nguest:400000:70000\n"])
    func ranges(subuid: String) async throws {
        // Inside, with nothing to read, the probe complains of its input.
        let result = try await probe(subuid: subuid)
        #expect(result.error?.contains("subordinate") == false)
        #expect(result.error?.contains("newuidmap") == false, "\(result.error ?? "")")
    }

    @Test("without newuidmap: how to install it", .requiresRoot)
    func noHelper() async throws {
        let result = try await probe(subuid: "guest:300000:65536\n", path: "/nowhere")
        #expect(result.error == "newuidmap is not installed")
        #expect(result.remedy == "install them: sudo apt install uidmap")
    }

    @Test("when newuidmap refuses, what it says", .requiresRoot)
    func helperRefuses() async throws {
        let result = try await probe(
            subuid: "guest:300000:65536\n", path: "/tmp/fake-\(getpid())",
            prepare:
                """
                mount -t tmpfs x /mnt; chmod 755 /mnt; set -- "$1" "$2" /mnt
                printf '#!/bin/sh\\necho not today >&2; exit 1' >/mnt/newuidmap; chmod 755 /mnt/newuidmap
                """
        )
        #expect(result.error == "newuidmap failed: not today")
    }

    @Test("a marker that was made up is not believed")
    func marker() async throws {
        let probe = ProbeDirectory.command(.caller)[0]
        let script = "export _MANIFOLD_NAMESPACE=$$:1:1; exec \"$1\" </dev/null"
        let child = try await ChildProcess.run("sh", ["-c", script, "sh", probe])
        let result = try JSONDecoder().decode(ProbeResult.self, from: Data(child.stdout))
        #expect(result.error?.contains("it is not") == true)
        // Another process's marker is inherited, not made up.
        let inherited = try await ChildProcess.run(
            "sh", ["-c", "_MANIFOLD_NAMESPACE=1:1:1 \"$1\" </dev/null", "sh", probe])
        let second = try JSONDecoder().decode(ProbeResult.self, from: Data(inherited.stdout))
        #expect(second.error?.contains("it is not") == false)
    }
}
