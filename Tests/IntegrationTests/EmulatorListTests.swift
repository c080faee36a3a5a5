// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import FoundationEssentials
import SystemPackage
import TestSupport
import Testing

extension Program {
    @Suite("manifold emulators list")
    struct EmulatorListTests {
        /// As on a machine that has a list of its own: in a user namespace, whose list this is.
        static let hostList = """
            mount -t binfmt_misc binfmt_misc /proc/sys/fs/binfmt_misc
            printf '%s\\n' "$ENTRY" >/proc/sys/fs/binfmt_misc/register
            exec "$@"
            """
        static let namespace = ["unshare", "--user", "--map-root-user", "--mount"]

        @Test(
            "platforms work by private handlers or natively, proved by a program", arguments: Manifold.Account.available
        )
        func works(account: Manifold.Account) async throws {
            try await Manifold.with(account) { manifold in
                let result = try await manifold.run(["emulators", "list", "--json"])
                #expect(result.succeeded, result.comment)
                let list = try JSONValue(parsing: result.stdout).array
                #expect(list.count == 37)
                for entry in list where entry["target"] == "aarch64" || entry["target"] == "s390x" {
                    #expect(entry["works"] == .bool(true) && entry["handler"] == "private", "\(entry)")
                    #expect(entry["emulators"][0]["version"].string?.first?.isNumber == true)
                    #expect(entry["emulators"][0]["works"] == .bool(true))
                }
                #expect(list.filter { $0["works"] == .bool(true) }.count >= 30)
                #expect(list.first { $0["target"] == "x86_64" || $0["target"] == "aarch64" } != nil)
                #expect(list.contains { $0["handler"] == "native" && $0["works"] == .bool(true) })
            }
        }

        @Test("the table says what runs a platform; a platform without an emulator is an error with a remedy")
        func table() async throws {
            try await Manifold.with { manifold in
                let found = try await manifold.run(["emulators", "--platform", "linux/arm64"])
                #expect(found.succeeded, found.comment)
                #expect(found.output.contains("linux/arm64") && found.output.contains("private   yes"), found.comment)
                let missing = try await manifold.run(
                    ["emulators", "list", "--platform", "riscv64"],
                    .environment(["MANIFOLD_QEMU_DIR": manifold.directory.string]))
                #expect(missing.status == .exited(1))
                #expect(missing.output.contains("none") && missing.errorOutput.contains("install"), missing.comment)
            }
        }

        @Test("without a user namespace the emulators are listed all the same")
        func noNamespace() async throws {
            try await Manifold.with { manifold in
                let result = try await manifold.run(
                    ["emulators", "list", "--platform", "linux/arm64", "--json"],
                    // In a root directory of its own nobody may make a user namespace.
                    Manifold.Setting(within: ["unshare", "--map-root-user", "--root=/"]))
                #expect(result.status == .exited(0) || result.status == .exited(1))
                let entry = try JSONValue(parsing: result.stdout)[0]
                #expect(entry["emulators"][0]["works"] == .bool(true), result.comment)
            }
        }

        @Test("entries of the host are shown with whoever's interpreter it is, and what is wrong with them")
        func host() async throws {
            try await Manifold.with(.ordinary) { manifold in
                let emulator = try await ChildProcess.run(
                    "cp", ["/usr/bin/qemu-riscv64-static", manifold.path("qemu").string])
                #expect(emulator.succeeded)
                let magic = #"\x7fELF\x02\x01\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00\x02\x00\xf3\x00"#
                let mask = #"\xff\xff\xff\xff\xff\xff\xff\x00\xff\xff\xff\xff\xff\xff\xff\xff\xfe\xff\xff\xff"#
                let entry = ":theirs:M::\(magic):\(mask):\(manifold.path("qemu")):"
                // The file is another one by the time that a program is run.
                let script = Self.hostList.replacing(
                    "exec",
                    with: "cp /usr/bin/qemu-riscv64-static \(manifold.path("new")); "
                        + "mv \(manifold.path("new")) \(manifold.path("qemu")); exec")
                func run(_ flags: String) async throws -> ChildProcess.Result {
                    try await manifold.run(
                        ["emulators", "list", "--platform", "riscv64"],
                        Manifold.Setting(
                            environment: ["ENTRY": entry + flags], within: Self.namespace + ["sh", "-ec", script, "sh"])
                    )
                }
                let stale = try await run("FP")
                #expect(stale.output.contains("theirs (PF)"), stale.comment)
                #expect(stale.errorOutput.contains("is no more"), stale.comment)
                let late = try await run("P")
                #expect(late.errorOutput.contains("theirs lacks flag F"), late.comment)
                #expect(late.succeeded, late.comment)
            }
        }
    }
}
