// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import Store
import SystemPackage

/// How much memory this process may still take: what the machine has, and what its control groups leave.
package struct MemoryFacts: Sendable, Hashable {
    /// What the machine can give without swapping (proc(5), `MemAvailable`); nil when it does not say.
    package var available: Int64?
    /// What the machine has; nil when it does not say.
    package private(set) var total: Int64?
    /// What is left in the control group with the least room; nil when none has a limit.
    package var left: Int64?

    /// What steps may take: all but a tenth, and at least 256 MiB, which stay for this program and for what else the
    /// machine does. Nil when nothing is known.
    package var forSteps: Int64? {
        guard let room = [available, left].compactMap(\.self).min() else { return nil }
        return max(0, room - max(room / 10, 256 << 20))
    }

    static var current: MemoryFacts {
        MemoryFacts { path in
            (try? Files.read(FilePath(path), limit: 1 << 20)).flatMap { $0 }.map { String(decoding: $0, as: UTF8.self) }
        }
    }

    /// - Parameter read: the text of a file by its absolute path; nil when there is none.
    package init(read: (String) -> String?) {
        let lines = (read("/proc/meminfo") ?? "").split(separator: "\n")
        func bytes(_ name: String) -> Int64? {
            lines.first { $0.hasPrefix(name) }
                .flatMap { $0.split(separator: " ").dropFirst().first }.flatMap { Int64($0) }.map { $0 << 10 }
        }
        available = bytes("MemAvailable:")
        total = bytes("MemTotal:")
        left = Self.groups(read).compactMap { $0.left(read) }.min()
    }

    // MARK: Control groups

    /// A control group's directory and the version of its files (cgroups(7)).
    private struct Group {
        var directory: String
        var isUnified: Bool

        /// The bytes up to the group's limit; nil when it has none.
        func left(_ read: (String) -> String?) -> Int64? {
            func number(_ name: String) -> Int64? {
                read("\(directory)/\(name)").flatMap { Int64($0.prefix { $0 != "\n" }) }
            }
            guard let limit = number(isUnified ? "memory.max" : "memory.limit_in_bytes"), limit < 1 << 60,
                let usage = number(isUnified ? "memory.current" : "memory.usage_in_bytes")
            else { return nil }
            // Of what the group uses, files that nobody looked at for long are given up when memory is short.
            let key = isUnified ? "inactive_file " : "total_inactive_file "
            let files = read("\(directory)/memory.stat").flatMap { text in
                text.split(separator: "\n").first { $0.hasPrefix(key) }.flatMap { Int64($0.dropFirst(key.count)) }
            }
            return max(0, limit - max(0, usage - (files ?? 0)))
        }
    }

    /// The control groups that this process is in, as far as they are mounted, from its own up to the topmost.
    private static func groups(_ read: (String) -> String?) -> [Group] {
        var groups: [Group] = []
        let mounts = (read("/proc/self/mountinfo") ?? "").split(separator: "\n").compactMap(Mount.init)
        for line in (read("/proc/self/cgroup") ?? "").split(separator: "\n") {
            // hierarchy:controllers:path
            let fields = line.split(separator: ":", maxSplits: 2, omittingEmptySubsequences: false)
            guard fields.count == 3 else { continue }
            let isUnified = fields[1].isEmpty
            guard isUnified || fields[1].split(separator: ",").contains("memory"),
                let mount = mounts.first(where: { $0.isUnified == isUnified && $0.path(below: fields[2]) != nil }),
                var names = mount.path(below: fields[2])
            else { continue }
            while true {
                let directory = ([mount.point] + names).joined(separator: "/")
                groups.append(Group(directory: directory, isUnified: isUnified))
                if names.popLast() == nil { break }
            }
        }
        return groups
    }

    /// A line of proc(5)'s mountinfo that mounts control groups with the memory controller.
    private struct Mount {
        let root: [String]
        let point: String
        let isUnified: Bool

        init?(_ line: Substring) {
            let fields = line.split(separator: " ")
            guard fields.count > 6, let dash = fields.firstIndex(of: "-"), fields.count > dash + 1 else { return nil }
            let type = fields[dash + 1]
            guard type == "cgroup2" || type == "cgroup" && fields.last?.split(separator: ",").contains("memory") == true
            else { return nil }
            root = fields[3].split(separator: "/").map(String.init)
            point = String(fields[4])
            isUnified = type == "cgroup2"
        }

        /// The names that lead from the mount point to a group; nil when it is not below what is mounted.
        func path(below group: Substring) -> [String]? {
            let names = group.split(separator: "/").map(String.init)
            // In a namespace of its own the group is named from its own root on.
            if names.starts(with: root) { return Array(names.dropFirst(root.count)) }
            return nil
        }
    }
}
