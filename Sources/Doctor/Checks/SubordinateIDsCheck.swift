// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import CSandbox
import Glibc
import Host
import SystemPackage

/// Whether the user has ids to give to the users of images, and the programs that map them.
package struct SubordinateIDsCheck: Check {
    let machine: ExaminedMachine

    /// As many as images use: nobody is 65534.
    private static let wanted = 65535

    package init(machine: ExaminedMachine) {
        self.machine = machine
    }

    package func findings() async -> [Finding] {
        guard machine.userID != 0 else {
            return [root()]
        }
        return [ranges(), programs()]
    }

    /// Root of a container may have fewer ids than there are.
    private func root() -> Finding {
        let count = (machine.text("/proc/self/uid_map") ?? "").split(separator: "\n").reduce(0) { sum, line in
            sum &+ (line.split(separator: " ").last.flatMap { Int($0) } ?? 0)
        }
        guard count <= Self.wanted else {
            return Finding("subordinate-ids", .ok, "subordinate ids", "root has all ids already")
        }
        return Finding(
            "subordinate-ids", .warning, "subordinate ids",
            "this root has \(count == 1 ? "one id" : "\(count) ids"); images use ids up to 65535 (apt runs as one of them)",
            advice: "run manifold outside of this container, or give the container 65536 ids")
    }

    // MARK: - Ranges

    private func ranges() -> Finding {
        let own = ["/etc/subuid", "/etc/subgid"].map { file in
            (file: file, count: lines(of: file).filter { isOwn($0.owner) }.reduce(0) { $0 + $1.count })
        }
        let commands = [machine.sudo("usermod --add-subuids \(free) --add-subgids \(free) \(who)")]
        if let none = own.first(where: { $0.count == 0 }) {
            return Finding(
                "subordinate-ids", .failure, "subordinate ids", "\(who) has no range of ids in \(none.file)",
                commands: commands)
        }
        if let few = own.first(where: { $0.count < Self.wanted }) {
            return Finding(
                "subordinate-ids", .warning, "subordinate ids",
                "\(who) has \(few.count) ids in \(few.file); images use ids up to 65535 (apt runs as one of them)",
                commands: commands)
        }
        return Finding(
            "subordinate-ids", .ok, "subordinate ids",
            "\(who) has \(own.map(\.count).min() ?? 0) in /etc/subuid and /etc/subgid")
    }

    private var who: String { machine.userName.isEmpty ? String(machine.userID) : machine.userName }

    private func isOwn(_ owner: String) -> Bool { owner == machine.userName || owner == String(machine.userID) }

    private struct Line {
        let owner: String
        let first: Int
        let count: Int
    }

    /// The ranges of subuid(5).
    private func lines(of file: String) -> [Line] {
        (machine.text(file) ?? "").split(separator: "\n").compactMap { line in
            let fields = line.split(separator: ":", omittingEmptySubsequences: false)
            guard fields.count == 3, let first = Int(fields[1]), let count = Int(fields[2]), first >= 0,
                (1...4_294_967_295).contains(count), first <= 4_294_967_295
            else { return nil }
            return Line(owner: String(fields[0]), first: first, count: count)
        }
    }

    /// A range that nobody has.
    private var free: String {
        let ends = ["/etc/subuid", "/etc/subgid"].flatMap(lines).map { $0.first + $0.count }
        let first = max(100_000, ends.max() ?? 0)
        return "\(first)-\(first + 65535)"
    }

    // MARK: - Programs

    private func programs() -> Finding {
        for name in ["newuidmap", "newgidmap"] {
            guard let path = Programs(machine).path(of: name) else {
                return Finding(
                    "id-map-programs", .failure, "\(name)", "is not installed; it gives an ordinary user its ids",
                    commands: machine.installation(of: .idMaps))
            }
            guard Self.hasRights(path) else {
                return Finding(
                    "id-map-programs", .failure, "\(name)",
                    "\(path) is neither set-uid root nor has the capability to map ids",
                    commands: [machine.sudo("chmod u+s \(path)")])
            }
            if FileSystem(of: path)?.ignoresSetUserID == true {
                return Finding(
                    "id-map-programs", .failure, "\(name)", "\(path) lies on a file system that is mounted nosuid",
                    advice: "mount that file system without nosuid")
            }
        }
        return Finding("id-map-programs", .ok, "newuidmap, newgidmap", "are there and may map ids")
    }

    private static func hasRights(_ path: FilePath) -> Bool {
        var status = stat()
        guard stat(path.string, &status) == 0 else { return false }
        if status.st_mode & S_ISUID != 0, status.st_uid == 0 { return true }
        return mf_has_capabilities(path.string)
    }
}
