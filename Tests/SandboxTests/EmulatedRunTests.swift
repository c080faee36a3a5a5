// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import FoundationEssentials
import SystemPackage
import TestSupport
import Testing
import sandbox_probe

@Suite("A run for another platform")
struct EmulatedRunTests {
    static let machines: [(platform: String, debian: String, machine: String)] = [
        ("linux/amd64", "amd64", "x86_64"), ("linux/386", "i386", "i686"), ("linux/arm64", "arm64", "aarch64"),
        ("linux/arm/v7", "armhf", "armv7l"), ("linux/arm/v6", "armel", "armv6l"), ("linux/arm/v5", "armel", "armv5tel"),
    ]

    @Test("the machine is the platform's, for root and for an ordinary user", arguments: machines, Who.allCases)
    func machine(platform: (platform: String, debian: String, machine: String), who: Who) async throws {
        let directory = try ProbeDirectory()
        let before = Self.hostHandlers()
        var request = try await directory.request("uname -m; env; exit 7", architecture: platform.debian)
        request.platform = platform.platform
        let result = try await directory.run(request, as: who)
        #expect(result.output.split(separator: "\n").first.map(String.init) == platform.machine, "\(result)")
        #expect(result.code == 7)
        #expect(result.upper == [])
        #expect(Self.hostHandlers() == before, "the host's list of handlers has changed")
    }

    @Test("set-uid programs work under emulation", arguments: Who.allCases)
    func setUid(who: Who) async throws {
        let directory = try ProbeDirectory()
        // Made in a run, so that it belongs to root of the namespace.
        var request = try await directory.request(
            """
            cp /bin/busybox /busybox; chmod 4755 /busybox; mkdir /etc; echo root:x:0: >/etc/group
            echo root::0:0::/:/bin/sh >/etc/passwd; echo app:x:1000:1000::/:/bin/sh >>/etc/passwd
            """, architecture: "arm64")
        request.platform = "linux/arm64"
        let made = try await directory.run(request, as: who)
        try #require(made.code == 0, "\(made)")

        let second = try await directory.layer("second", "chmod 777 .")
        request.lowers.append(directory.path.appending("run-0").appending("upper").string)
        request.directory = second
        request.user = "app"
        request.arguments = ["sh", "-c", "/bin/busybox id -u; /busybox su -c '/bin/busybox id -u' root </dev/null"]
        let result = try await directory.run(request, as: who)
        #expect(result.output == "1000\n0\n", "\(result)")
    }

    @Test("many at once under one set of handlers")
    func many() async throws {
        let directory = try ProbeDirectory()
        var request = try await directory.request("uname -m", architecture: "arm64")
        request.platform = "linux/arm64"
        request.count = 20
        let result = try await directory.run(request)
        #expect(result.equalRuns == 20)
        #expect(result.output == "aarch64\n")
    }

    private static func hostHandlers() -> [String] {
        ((try? FileManager.default.contentsOfDirectory(atPath: "/proc/sys/fs/binfmt_misc")) ?? []).sorted()
    }
}
