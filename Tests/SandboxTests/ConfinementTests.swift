// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import Testing
import sandbox_probe

@Suite("What a sandbox keeps from its process")
struct ConfinementTests {
    @Test("masked paths are empty", arguments: ["/proc/kcore", "/proc/keys", "/proc/timer_list"])
    func maskedFiles(path: String) async throws {
        let directory = try ProbeDirectory()
        let result = try await directory.run(directory.request("[ -e \(path) ] || exit 9; head -c 1 \(path)"))
        #expect(result.output == "")
        #expect(result.code == 0 || result.code == 9, "\(result.errors)")
    }

    @Test("masked directories are empty", arguments: ["/proc/acpi", "/proc/scsi", "/sys/firmware"])
    func maskedDirectories(path: String) async throws {
        let directory = try ProbeDirectory()
        let result = try await directory.run(
            directory.request("[ -e \(path) ] || exit 0; ls -A \(path); touch \(path)/x"))
        #expect(result.output == "")
        #expect(result.errors == "" || result.errors.contains("Read-only file system"), "\(result.errors)")
    }

    @Test(
        "kernel settings cannot be written, not even by root",
        arguments: [
            "/proc/sys/kernel/core_pattern", "/proc/sysrq-trigger", "/proc/irq/default_smp_affinity",
            "/sys/kernel/mm/ksm/run",
        ])
    func readOnly(path: String) async throws {
        let directory = try ProbeDirectory()
        let result = try await directory.run(
            directory.request("[ -e \(path) ] || { echo absent; exit 1; }; echo h >\(path)"))
        #expect(result.code != 0)
        #expect(result.errors.contains("Read-only file system") || result.output == "absent\n", "\(result.errors)")
    }

    @Test(
        "calls that could reach the host are refused",
        arguments: [
            "mount -t tmpfs x /sys", "umount /proc", "unshare -m true", "unshare -U true", "hostname other",
            "mount -o remount,rw /proc/sys",
        ])
    func refused(command: String) async throws {
        let directory = try ProbeDirectory()
        let result = try await directory.run(directory.request(command))
        #expect(result.code != 0)
        #expect(
            result.errors.contains("not permitted") || result.errors.contains("ermission denied"), "\(result.errors)")
    }

    @Test("/dev has the devices that programs expect and no disk")
    func devices() async throws {
        let directory = try ProbeDirectory()
        let result = try await directory.run(
            directory.request(
                """
                ls /dev; echo x >/dev/null; head -c 4 /dev/urandom | wc -c; : >/dev/full; touch /dev/shm/x /dev/mqueue
                echo a >/dev/stdout
                """
            ))
        let names = result.output.split(separator: "\n").map(String.init)
        #expect(
            names.prefix(16) == [
                "core", "fd", "full", "mqueue", "null", "ptmx", "pts", "random", "shm", "stderr", "stdin", "stdout",
                "tty",
                "urandom", "zero",
            ] + [names.count > 15 ? names[15] : ""])
        #expect(names.last == "a")
    }

    @Test("with no network there is a loopback interface, up, and nothing else")
    func noNetwork() async throws {
        let directory = try ProbeDirectory()
        var request = try await directory.request(
            "ls /sys/class/net; ifconfig lo | grep -c UP; wc -c </etc/resolv.conf; grep probe /etc/hosts")
        request.network = "none"
        request.networkFiles = true
        let result = try await directory.run(request)
        #expect(result.output.split(separator: "\n").prefix(3) == ["lo", "1", "0"])
        #expect(result.output.contains("127.0.1.1\tprobe"))
    }

    @Test("a process of another user cannot be seen")
    func processes() async throws {
        let directory = try ProbeDirectory()
        let result = try await directory.run(directory.request("ls -d /proc/[0-9]*"))
        #expect(result.output == "/proc/1\n/proc/2\n")
    }
}
