// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import FoundationEssentials
import SystemPackage
import TestSupport
import Testing

extension Program {
    @Suite("What a RUN step sees")
    struct RunTests {
        @Test("the rights that Docker gives, and no way to more", arguments: Manifold.Account.available)
        func rights(account: Manifold.Account) async throws {
            try await Manifold.with(account) { manifold in
                let log = try await Program.build(
                    Program.dockerfile(
                        "RUN grep -E '^Cap(Prm|Eff|Bnd)' /proc/self/status | cut -f2 | sort -u",
                        "RUN grep ^Seccomp: /proc/self/status | cut -f2",
                        "RUN mount -t tmpfs none /mnt 2>/dev/null || echo no mount; mount -o bind /etc /mnt 2>/dev/null || echo no bind",
                        "RUN (echo 1 > /proc/sys/kernel/printk) 2>/dev/null || echo no sysctl",
                        "RUN (echo b > /proc/sysrq-trigger) 2>/dev/null || echo no sysrq",
                        "RUN ls -A /sys/firmware /proc/acpi | grep -v : | wc -w; wc -c < /proc/keys",
                        "RUN chmod 600 /etc/passwd && chown 1:1 /etc/group && mknod /tmp/pipe p && echo may change files",
                        "RUN env | sort", "RUN ls /proc | grep '^[0-9]' | head -n 2", "RUN cat || echo cannot read"),
                    with: manifold, .environment(["LEAKED": "secret"]))
                try #require(log.succeeded, log.comment)
                #expect(
                    log.output(of: "linux/amd64") == [
                        "00000000a80425fb", "2", "no mount", "no bind", "no sysctl", "no sysrq", "0", "0",
                        "may change files", "HOME=/root",
                        "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "PWD=/", "SHLVL=1",
                        // Whatever there is else runs in this step.
                        "1", "2",
                    ], log.comment)
            }
        }

        @Test("the host's network and DNS by default, on every platform, and none on request")
        func network() async throws {
            let nameservers = (try? String(contentsOfFile: "/etc/resolv.conf", encoding: .utf8)).map { text in
                text.split(separator: "\n").filter { $0.hasPrefix("nameserver") && !$0.contains("127.0.0.") }.map(
                    String.init)
            }
            try await Manifold.with { manifold in
                let host = try SharedRegistry.host
                let log = try await Program.build(
                    Program.dockerfile(
                        "RUN wget -q -O - http://\(host)/v2/ && echo",
                        "RUN grep ^nameserver /etc/resolv.conf || true",
                        "RUN --network=none ls /sys/class/net; wget -q -O - http://\(host)/v2/ 2>/dev/null || echo cut off"
                    ),
                    platforms: "linux/amd64,linux/386,linux/arm64", with: manifold)
                try #require(log.succeeded, log.comment)
                for platform in ["linux/amd64", "linux/386", "linux/arm64"] {
                    var lines = log.output(of: platform)
                    #expect(lines.first == "{}")
                    lines.removeFirst()
                    #expect(Array(lines.suffix(2)) == ["lo", "cut off"])
                    if let nameservers, !nameservers.isEmpty { #expect(Array(lines.dropLast(2)) == nameservers) }
                }
                let without = try await Program.build(
                    Program.dockerfile("RUN ls /sys/class/net"), ["--network", "none"], with: manifold)
                #expect(without.output(of: "linux/amd64") == ["lo"], without.comment)
            }
        }

        @Test(
            "hosts, limits, the size of /dev/shm and the host name that are asked for",
            arguments: Manifold.Account.available)
        func settings(account: Manifold.Account) async throws {
            try await Manifold.with(account) { manifold in
                let dockerfile = Program.dockerfile(
                    "RUN hostname && df -k /dev/shm | awk 'END { print $2 }' && ulimit -Sn && ulimit -Hn && ulimit -c",
                    "RUN --network=none ping -c 1 -W 1 db.test | head -n 1",
                    "RUN grep -E '^(10.1.2.3|::1|127.0.0.1)\\s+(db|six|host).test' /etc/hosts | tr '\\t' ' '")
                let flags = [
                    "--add-host", "db.test:127.0.0.1", "--add-host", "db.test=10.1.2.3", "--add-host", "six.test:[::1]",
                    "--add-host", "host.test=host-gateway", "--shm-size", "1m", "--ulimit", "nofile=200:300",
                    "--ulimit", "core=0", "--build-arg", "BUILDKIT_SANDBOX_HOSTNAME=box",
                ]
                let log = try await Program.build(dockerfile, flags, with: manifold)
                try #require(log.succeeded, log.comment)
                #expect(
                    log.output(of: "linux/amd64") == [
                        "box", "1024", "200", "300", "0", "PING db.test (127.0.0.1): 56 data bytes",
                        "127.0.0.1 db.test",
                        "10.1.2.3 db.test", "::1 six.test", "127.0.0.1 host.test",
                    ], log.comment)
                let plain = try await Program.build(
                    Program.dockerfile("RUN hostname && df -k /dev/shm | awk 'END { print $2 }' && cat /etc/hostname"),
                    with: manifold)
                #expect(plain.output(of: "linux/amd64").prefix(2) == ["buildkitsandbox", "65536"], plain.comment)

                let refused = try await Program.build(
                    Program.dockerfile("RUN true"), ["--ulimit", "nofile=1000:99999999999"], with: manifold)
                #expect(!refused.succeeded)
                #expect(refused.message.contains("may raise a hard limit"), refused.comment)
            }
        }

        @Test(
            "--security=insecure, when allowed: every capability of the namespace",
            arguments: Manifold.Account.available)
        func insecure(account: Manifold.Account) async throws {
            try await Manifold.with(account) { manifold in
                let dockerfile = Program.dockerfile(
                    "RUN --security=insecure grep ^Seccomp: /proc/self/status | cut -f2; mount -t tmpfs none /mnt && unshare -m echo mounted",
                    "RUN mount -t tmpfs none /mnt 2>/dev/null || echo no mount",
                    "USER 33", "RUN --security=insecure grep -E '^CapEff' /proc/self/status | cut -f2")
                let refused = try await Program.build(dockerfile, with: manifold)
                #expect(!refused.succeeded)
                #expect(refused.message.contains("--allow security.insecure"), refused.comment)
                #expect(refused.titles.allSatisfy { $0.hasPrefix("resolve") }, refused.comment)
                let log = try await Program.build(dockerfile, ["--allow", "security.insecure"], with: manifold)
                try #require(log.succeeded, log.comment)
                #expect(
                    log.output(of: "linux/amd64") == ["0", "mounted", "no mount", "0000000000000000"], log.comment)
            }
        }

        @Test("a script that is longer than an argument may be")
        func longScript() async throws {
            try await Manifold.with { manifold in
                let lines = String(repeating: "count=$((count + 1)) # a line of some length\n", count: 4000)
                let log = try await Program.build(
                    Program.dockerfile(
                        "ENV count=0", "SHELL [\"/bin/sh\", \"-euc\"]", "USER 33", "RUN <<END\n\(lines)echo $count\nEND"
                    ),
                    platforms: "linux/amd64,linux/arm64", with: manifold)
                try #require(log.succeeded, log.comment)
                #expect(log.output(of: "linux/amd64") == ["4000"], log.comment)
                #expect(log.output(of: "linux/arm64") == ["4000"], log.comment)
                // What of it was mounted is not in the layer.
                let layer = try #require(try ImageLayout(manifold.path("out")).image("linux/amd64").layers.last)
                #expect(try await ImageLayout.entries(of: layer).isEmpty)
            }
        }

        @Test("the umask of who builds does not reach the steps")
        func umask() async throws {
            try await Manifold.with { manifold in
                let log = try await Program.build(
                    """
                    ARG BASE
                    FROM $BASE
                    USER 33
                    RUN --mount=type=secret,id=s,uid=33,target=/deep/er/s umask; cat /deep/er/s; cat /etc/hosts | wc -l | grep -c '[1-9]'
                    RUN <<END
                    #!/bin/sh
                    echo script; cat /etc/resolv.conf >/dev/null
                    END

                    """, ["--secret", "id=s,env=S"], with: manifold,
                    Manifold.Setting(
                        environment: ["S": "hidden\n"], within: ["/bin/sh", "-c", "umask 077; exec \"$@\"", "sh"]))
                try #require(log.succeeded, log.comment)
                #expect(log.output(of: "linux/amd64") == ["0022", "hidden", "1", "script"], log.comment)
            }
        }

        @Test("what a step leaves running ends with it")
        func leftovers() async throws {
            try await Manifold.with { manifold in
                let number = "\(Int.random(in: 1_000_000..<9_000_000))"
                let log = try await Program.build(
                    Program.dockerfile("RUN sleep \(number) & echo left"), with: manifold)
                #expect(log.succeeded, log.comment)
                #expect(ProcessTable.processes(with: "sleep", number).isEmpty)
            }
        }
    }
}
