// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import FoundationEssentials
import SystemPackage
import TestSupport
import Testing

extension Program {
    @Suite("manifold doctor")
    struct DoctorTests {
        private func report(_ result: ChildProcess.Result) throws -> JSONValue {
            try #require(try? JSONValue(parsing: result.stdout), "\(result)")
        }

        private func finding(_ check: String, _ report: JSONValue) -> JSONValue {
            report["findings"].array.first { $0["check"].string == check } ?? .null
        }

        @Test("proves what a build needs, on a machine that has it", arguments: Manifold.Account.available)
        func good(account: Manifold.Account) async throws {
            try await Manifold.with(account) { manifold in
                let result = try await manifold.run(
                    ["doctor", "--json", "--registry", try SharedRegistry.host, "--platform", "linux/arm64,linux/386"])
                let report = try report(result)
                #expect(result.succeeded, "\(result)")
                #expect(report["ok"] == true)
                for check in ["user-namespaces", "overlay", "private-handlers", "sandbox", "set-user-id", "registry"] {
                    #expect(finding(check, report)["status"] == "ok", "\(check): \(result)")
                }
                #expect(report["platforms"].array.map { $0["platform"].string } == ["linux/arm64", "linux/386"])
                #expect(report["platforms"][0]["runs"].string?.hasPrefix("qemu-aarch64 ") == true)
                #expect(report["platforms"][1]["runs"] == "native")
                #expect(report["next"].strings.contains { $0.contains("manifold build --platform") })
                // What was tried has left nothing, and no store was made.
                #expect(!FileManager.default.fileExists(atPath: manifold.path("store").string))
                let names = try FileManager.default.contentsOfDirectory(atPath: manifold.path("").string)
                #expect(!names.contains { $0.hasPrefix("manifold-doctor") })
            }
        }

        @Test("its words, and what --fix does")
        func words() async throws {
            try await Manifold.with { manifold in
                let result = try await manifold.run(["doctor", "--offline", "--fix", "--platform", "linux/arm/v7"])
                #expect(result.succeeded, "\(result)")
                #expect(result.output.contains("linux/arm/v7"))
                #expect(result.output.contains("runs under qemu-arm "))
                #expect(result.output.contains("\nemulated:  linux/arm/v7\n"))
                #expect(!result.output.contains("\u{1B}"))
                #expect(FileManager.default.fileExists(atPath: manifold.path("store/version").string))
            }
        }

        @Test("without emulators: which package has them, and that it is a failure for a platform that is asked for")
        func noEmulators() async throws {
            try await Manifold.with { manifold in
                let empty = manifold.path("empty").string
                try FileManager.default.createDirectory(atPath: empty, withIntermediateDirectories: true)
                let setting = Manifold.Setting.environment(["MANIFOLD_QEMU_DIR": empty])
                let result = try await manifold.run(
                    ["doctor", "--offline", "--json", "--platform", "linux/arm64,linux/amd64"], setting)
                let report = try report(result)
                #expect(result.status == .exited(1))
                #expect(finding("emulators-missing", report)["status"] == "failure")
                #expect(report["commands"].array.contains { $0["text"].string?.contains("qemu-user-static") == true })
                #expect(report["platforms"][1]["runs"] == "native")
                #expect(
                    report["next"].strings.last?.hasSuffix("doctor --offline --json --platform linux/arm64,linux/amd64")
                        == true)
            }
        }

        @Test("where the kernel allows no user namespaces: the setting, and no trial after it")
        func noUserNamespaces() async throws {
            try await Manifold.with(.ordinary) { manifold in
                let setting = Manifold.Setting(within: [
                    "unshare", "--user", "--map-root-user", "sh", "-c",
                    "echo 0 >/proc/sys/user/max_user_namespaces && exec \"$@\"", "sh",
                ])
                let result = try await manifold.run(["doctor", "--offline", "--json"], setting)
                let report = try report(result)
                #expect(result.status == .exited(1))
                let finding = finding("user-namespaces", report)
                #expect(finding["status"] == "failure")
                #expect(finding["sentence"].string?.contains("user.max_user_namespaces is 0") == true)
                #expect(
                    report["commands"][0]["text"].string?.contains("user.max_user_namespaces=65536") == true,
                    "\(result)")
                #expect(self.finding("sandbox", report)["status"] == "note")
                // What fails then says where to look.
                let build = try await manifold.run(["prune"], setting)
                #expect(build.errorOutput.contains("manifold doctor"), "\(build)")
            }
        }

        @Test("without a range of ids, and without newuidmap", .enabled(if: Manifold.Account.available.count > 1))
        func noRange() async throws {
            try await Manifold.with(.ordinary) { manifold in
                let hide = "set -e; mount --bind /dev/null /etc/subuid; mount --bind /dev/null /etc/subgid;"
                let script =
                    "AS=\"$(command -v setpriv) --reuid 4243 --regid 4243 --clear-groups\"; \(hide) exec $AS \"$@\""
                let result = try await ChildProcess.run(
                    "unshare",
                    [
                        "-m", "sh", "-c", script, "sh", "env", "HOME=/tmp", "PATH=/nowhere",
                        "MANIFOLD_QEMU_DIR=/nowhere", Manifold.program.string,
                        "doctor",
                        "--offline", "--json", "--root", "/tmp/manifold-doctor-test",
                    ])
                let report = try report(result)
                #expect(result.status == .exited(1))
                #expect(finding("subordinate-ids", report)["status"] == "failure")
                #expect(finding("id-map-programs", report)["commands"][0]["text"].string?.contains("uidmap") == true)
                // One round names everything.
                for words in ["--add-subuids", "install uidmap", "install qemu-user-static"] {
                    #expect(
                        report["commands"].array.contains { $0["text"].string?.contains(words) == true }, "\(words)")
                }
            }
        }

        @Test("a registry that is asked for and does not answer; a store that cannot be")
        func unreachable() async throws {
            try await Manifold.with { manifold in
                let result = try await manifold.run(
                    ["doctor", "--json", "--platform", "linux/amd64", "--registry", "127.0.0.1:1", "--root", "/proc/x"])
                let report = try report(result)
                #expect(result.status == .exited(1))
                #expect(finding("registry", report)["status"] == "failure")
                #expect(finding("disk", report)["status"] == "failure")
                #expect(finding("overlay", report)["status"] == "failure")
            }
        }
    }
}
