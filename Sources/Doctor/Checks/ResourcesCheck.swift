// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import Build
import Glibc
import Host
import SystemPackage

/// Disk, memory and clock.
package struct ResourcesCheck: Check {
    let machine: ExaminedMachine
    /// Seconds since 1970.
    let now: Int

    package init(machine: ExaminedMachine, now: Int) {
        self.machine = machine
        self.now = now
    }

    package func findings() async -> [Finding] { [disk(), memory()] + clock() }

    private func disk() -> Finding {
        let place = machine.storePlace
        guard let system = FileSystem(of: place) else {
            return Finding("disk", .failure, "disk", "there is no place for the store \(machine.store)")
        }
        let title = "store \(machine.store)"
        let kind = system.type.map { " (\($0))" } ?? ""
        let elsewhere = "choose another place with --root or MANIFOLD_ROOT"
        if system.isReadOnly || access(place.string, W_OK) != 0 {
            return Finding("disk", .failure, title, "\(place) cannot be written to", advice: elsewhere)
        }
        if system.freeInodes < 10_000 {
            return Finding(
                "disk", .failure, title,
                "\(system.mountPoint)\(kind) has room for \(system.freeInodes) more files only",
                advice: elsewhere, commands: [Finding.Command("manifold prune", needsRoot: false)])
        }
        let free = Self.gigabytes(system.freeBytes)
        guard system.freeBytes >= 512 << 20 else {
            return Finding(
                "disk", .failure, title, "only \(free) are free on \(system.mountPoint)\(kind)", advice: elsewhere,
                commands: [Finding.Command("manifold prune", needsRoot: false)])
        }
        guard system.freeBytes >= 5 << 30 else {
            return Finding(
                "disk", .warning, title, "\(free) are free on \(system.mountPoint)\(kind), which large images fill",
                advice: elsewhere)
        }
        if ["tmpfs", "ramfs"].contains(system.type) {
            return Finding(
                "disk", .warning, title,
                "\(free) are free, in memory\(kind): what is in there is lost at the next start",
                advice: elsewhere)
        }
        return Finding("disk", .ok, title, "\(free) are free on \(system.mountPoint)\(kind)")
    }

    private func memory() -> Finding {
        let facts = MemoryFacts { machine.text($0) }
        guard let available = facts.available, let total = facts.total else {
            return Finding("memory", .note, "memory", "the kernel does not say how much there is")
        }
        let room = min(available, facts.left ?? .max)
        let limit = room < available ? ", as this process's control group leaves no more" : ""
        let words = "\(Self.gigabytes(room)) of \(Self.gigabytes(total)) are available\(limit)"
        guard room < 1 << 30 else { return Finding("memory", .ok, "memory", words) }
        return Finding(
            "memory", .warning, "memory", "\(words), which compilers under QEMU use up",
            advice: "build with --jobs 1, or add memory or swap")
    }

    private func clock() -> [Finding] {
        // Before this program was written.
        guard now < 1_735_689_600 else { return [] }
        return [
            Finding(
                "clock", .warning, "clock", "it is set to a time long ago, at which no certificate is valid",
                commands: [machine.sudo("timedatectl set-ntp true")])
        ]
    }

    static func gigabytes(_ bytes: Int64) -> String { gigabytes(UInt64(max(0, bytes))) }

    static func gigabytes(_ bytes: UInt64) -> String {
        let tenths = bytes / ((1 << 30) / 10)
        return tenths >= 100 ? "\(tenths / 10) GiB" : "\(tenths / 10).\(tenths % 10) GiB"
    }
}
