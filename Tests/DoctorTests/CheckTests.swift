// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import Doctor
import SystemPackage
import Testing

@Suite("What is said of machines that are not as they should be")
struct CheckTests {
    @Test(
        "the kernel's version",
        arguments: [
            ("6.18.1-arch1", Finding.Status.ok), ("6.7.0", .ok), ("6.6.99", .note), ("5.11", .note),
            ("5.10.0-8", .failure),
            ("", .failure),
        ])
    func kernel(release: String, status: Finding.Status) async throws {
        let findings = await KernelCheck(machine: try ScratchRoot([:]).machine(kernel: release)).findings()
        #expect(findings.map(\.status) == [status])
    }

    static let causes: [([String: String], String, String)] = [
        (["/proc/sys/user/max_user_namespaces": "0\n"], "max_user_namespaces is 0", "user.max_user_namespaces=65536"),
        (["/proc/sys/kernel/unprivileged_userns_clone": "0\n"], "only root", "kernel.unprivileged_userns_clone=1"),
        (
            ["/proc/sys/kernel/apparmor_restrict_unprivileged_userns": "1\n"], "AppArmor",
            "profile manifold /usr/bin/manifold flags=(unconfined) { userns, }"
        ),
        (["/.dockerenv": ""], "the container that this runs in", "seccomp=unconfined"),
        (["/proc/self/status": "Name:\tx\nSeccomp:\t2\n"], "a seccomp filter", "plain shell"),
        ([:], "a security module", "plain shell"),
    ]

    @Test("why no user namespace can be made, and what lets one", arguments: causes)
    func userNamespaces(files: [String: String], why: String, remedy: String) async throws {
        let root = try ScratchRoot(files)
        for trial in [UserNamespaceCheck.Trial.noNamespace(.notPermitted), .noMount(.permissionDenied)] {
            let findings = await UserNamespaceCheck(machine: root.machine(), trial: { trial }).findings()
            let finding = try #require(findings.first)
            #expect(finding.status == .failure)
            #expect(finding.sentence.contains(why), "\(finding.sentence)")
            let help = ([finding.advice ?? ""] + finding.commands.map(\.text)).joined(separator: "\n")
            #expect(help.contains(remedy), "\(help)")
        }
    }

    @Test("where user namespaces work, they are what was tried")
    func userNamespacesWork() async throws {
        let machine = try ScratchRoot(["/proc/sys/user/max_user_namespaces": "0"]).machine()
        #expect(await UserNamespaceCheck(machine: machine, trial: { .works }).findings().map(\.status) == [.ok])
        // Whatever this machine says, it says it at once and without an effect on this process.
        _ = UserNamespaceCheck.Trial.now()
    }

    static let ranges: [(String, Finding.Status, String)] = [
        ("guest:100000:65536\n", .ok, "guest has 65536"), ("1000:100000:65536\n", .ok, "65536"),
        ("guest:1:40000\nguest:100000:40000\n", .ok, "80000"), ("guest:100000:1000\n", .warning, "guest has 1000"),
        ("other:100000:65536\n", .failure, "no range"), ("", .failure, "no range"),
        ("guest:x:y\n:::\n", .failure, "no range"),
        ("guest:99999999999999999999:1\n", .failure, "no range"),
    ]

    @Test("subordinate ids", arguments: ranges)
    func subordinateIDs(text: String, status: Finding.Status, words: String) async throws {
        let root = try ScratchRoot(["/etc/subuid": text, "/etc/subgid": text])
        let findings = await SubordinateIDsCheck(machine: root.machine()).findings()
        let finding = try #require(findings.first)
        #expect(finding.status == status)
        #expect(finding.sentence.contains(words), "\(finding.sentence)")
        #expect(finding.commands.isEmpty == (status == .ok))
    }

    @Test("a range that is proposed is nobody else's")
    func freeRange() async throws {
        let root = try ScratchRoot([
            "/etc/subuid": "a:100000:65536\n", "/etc/subgid": "a:100000:65536\nb:165536:65536\n",
        ])
        let findings = await SubordinateIDsCheck(machine: root.machine()).findings()
        #expect(
            findings.first?.commands.map(\.text)
                == ["sudo usermod --add-subuids 231072-296607 --add-subgids 231072-296607 guest"])
    }

    @Test("the programs that map ids: missing, without rights, as they should be")
    func mapPrograms() async throws {
        let files = ["/etc/subuid": "guest:1:70000", "/etc/subgid": "guest:1:70000"]
        let missing = await SubordinateIDsCheck(machine: try ScratchRoot(files).machine()).findings()
        #expect(missing.last?.status == .failure)
        #expect(missing.last?.commands.map(\.text) == ["sudo apt install uidmap"])

        let root = try ScratchRoot(files.merging(["/bin/newuidmap": "", "/bin/newgidmap": ""]) { $1 })
        for name in ["newuidmap", "newgidmap"] { root.makeExecutable("bin/\(name)") }
        let plain = await SubordinateIDsCheck(machine: root.machine()).findings()
        #expect(plain.last?.status == .failure)
        #expect(plain.last?.commands.first?.text.hasPrefix("sudo chmod u+s ") == true)
    }

    @Test("root of a container may have too few ids")
    func fewRootIDs() async throws {
        let few = try ScratchRoot(["/proc/self/uid_map": "0 1000 1\n"])
        #expect(await SubordinateIDsCheck(machine: few.machine(userID: 0)).findings().map(\.status) == [.warning])
        let all = try ScratchRoot(["/proc/self/uid_map": "0 0 4294967295\n"])
        #expect(await SubordinateIDsCheck(machine: all.machine(userID: 0)).findings().map(\.status) == [.ok])
    }

    @Test("memory, the place of the store, the clock")
    func resources() async throws {
        let root = try ScratchRoot(["/proc/meminfo": "MemTotal: 2000000 kB\nMemAvailable: 500000 kB\n"])
        let findings = await ResourcesCheck(machine: root.machine(store: "/proc/nowhere"), now: 0).findings()
        #expect(findings.map(\.check) == ["disk", "memory", "clock"])
        #expect(findings.map(\.status) == [.failure, .warning, .warning])
        #expect(findings[0].sentence.contains("/proc"))
        let good = try ScratchRoot(["/proc/meminfo": "MemTotal: 9000000 kB\nMemAvailable: 8000000 kB\n"])
        let fine = await ResourcesCheck(machine: good.machine(), now: 1_800_000_000).findings()
        #expect(fine.map(\.check) == ["disk", "memory"])
        #expect(fine.last?.sentence == "7.6 GiB of 8.5 GiB are available")
    }

    @Test("programs that some builds need, and what installs them elsewhere than on Debian")
    func programs() async throws {
        let findings = await ProgramsCheck(machine: try ScratchRoot([:]).machine(release: "ID=alpine")).findings()
        #expect(findings.map(\.status) == [.warning, .note])
        #expect(findings.first?.commands.map(\.text) == ["sudo apk add git"])
    }

    @Test("helpers of credentials that are named and not there; files that are no JSON")
    func credentials() async throws {
        let root = try ScratchRoot([
            "/a.json": #"{"credsStore": "lost", "credHelpers": {"r.example": "there"}}"#, "/b.json": "{",
            "/bin/docker-credential-there": "",
        ])
        root.makeExecutable("bin/docker-credential-there")
        let files = ["a.json", "b.json", "c.json"].map { root.path.appending($0) }
        let findings = await CredentialHelpersCheck(machine: root.machine(), files: files).findings()
        #expect(findings.map(\.status) == [.warning, .warning])
        #expect(findings.first?.sentence.hasPrefix("docker-credential-lost, which") == true)
        #expect(findings.last?.sentence.hasSuffix("b.json cannot be understood") == true)
    }
}
