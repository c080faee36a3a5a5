// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import Glibc
public import SystemPackage

/// The files by which a machine has its handlers again after it was started anew.
///
/// Every handler has a file of binfmt.d(5). systemd reads them, and so does OpenRC where its service `binfmt` is on; for
/// machines without systemd there are a line of fstab(5) and a script as well. Each file and each line of ours says that
/// it is; what does not is never changed or removed.
public struct BootFiles: Sendable {
    /// Who starts the machine.
    public enum Starter: String, Hashable, Sendable {
        case systemd, openRC, sysV
    }

    private let root: FilePath

    /// Those of the machine, or of the one whose root directory is `root`.
    public init(root: FilePath = "/") {
        self.root = root
    }

    /// Who starts the machine, as far as can be seen.
    public var starter: Starter {
        let systemd = ["run/systemd/system", "usr/lib/systemd/systemd", "lib/systemd/systemd"]
        if systemd.contains(where: { HostFile.exists(place($0)) }) { return .systemd }
        let openRC = ["sbin/openrc", "usr/bin/openrc", "usr/sbin/openrc", "etc/local.d"]
        return openRC.contains { HostFile.exists(place($0)) } ? .openRC : .sysV
    }

    /// A file that is to be there.
    public struct File: Hashable, Sendable {
        public let path: FilePath
        public let text: String
        let mode: UInt32

        /// Writes it, in the place of one of manifold's.
        ///
        /// - Throws: ``HostInstallError``.
        public func write() throws {
            if let old = try HostFile.text(of: path), !BootFiles.isOurs(old) {
                throw HostInstallError.foreignFile(path)
            }
            try HostFile.makeDirectory(path.removingLastComponent())
            try HostFile.replace(path, with: text, mode: mode)
        }
    }

    /// The line that says whose a file is.
    static let mark = "# Written by \"manifold emulators install\"; \"manifold emulators remove\" removes it.\n"

    /// The file of binfmt.d(5) of a target's handlers.
    public static func configuration(
        _ target: EmulatorTarget, _ registrations: [HandlerRegistration], in directory: FilePath
    ) -> File {
        File(
            path: directory.appending("manifold-\(target.target).conf"),
            text: mark + registrations.map(\.line).joined(), mode: 0o644)
    }

    /// The directory of those files.
    public var configurationDirectory: FilePath { place("etc/binfmt.d") }

    /// What has to be there besides, where systemd does not start the machine.
    ///
    /// - Throws: ``HostInstallError`` when fstab is there and cannot be read.
    public func others() throws(HostInstallError) -> [File] {
        guard starter != .systemd else { return [] }
        return [script] + (try fstabWithLine().map { [File(path: fstab, text: $0, mode: 0o644)] } ?? [])
    }

    /// What somebody has to do beside that the files are there; nil mostly.
    public var advice: String? {
        guard starter == .openRC, !HostFile.exists(place("etc/runlevels/default/local")) else { return nil }
        return "OpenRC runs the script only with its service local: sudo rc-update add local default"
    }

    // MARK: Writing

    /// Writes the file of a target, and says whether that changed anything.
    func write(_ file: File) throws(HostInstallError) -> Bool {
        if let old = try HostFile.text(of: file.path) {
            if old == file.text { return false }
            // fstab is everybody's; our part of it is marked by itself.
            guard file.path == fstab || Self.isOurs(old) else { throw .foreignFile(file.path) }
            if file.path == fstab {
                // Who may not read the file may not read its copy.
                try HostFile.replace(backup, with: old, mode: 0o600)
            }
        }
        try HostFile.makeDirectory(file.path.removingLastComponent())
        try HostFile.replace(file.path, with: file.text, mode: file.mode)
        if file.path == script.path { try link() }
        return true
    }

    // MARK: Removing

    /// Removes the files of targets, and with the last one what is there for all; nil: of all targets.
    ///
    /// - Returns: what was removed or, of fstab, changed.
    func remove(_ targets: [EmulatorTarget]?) throws(HostInstallError) -> [FilePath] {
        var removed: [FilePath] = []
        for (path, name) in try ownConfigurations() where targets?.contains(where: { $0.target == name }) ?? true {
            try HostFile.remove(path)
            removed.append(path)
        }
        guard try ownConfigurations().isEmpty else { return removed }
        for path in scripts {
            guard let text = try HostFile.text(of: path), Self.isOurs(text) else { continue }
            try HostFile.remove(path)
            removed.append(path)
        }
        for path in links where Self.leadsToOurs(path) {
            try HostFile.remove(path)
            removed.append(path)
        }
        if let text = try HostFile.text(of: fstab), let ours = text.range(of: Self.mark + Self.line) {
            try HostFile.replace(fstab, with: text.replacingCharacters(in: ours, with: ""))
            try HostFile.remove(backup)
            removed.append(fstab)
        }
        return removed
    }

    private func ownConfigurations() throws(HostInstallError) -> [(path: FilePath, target: String)] {
        var found: [(FilePath, String)] = []
        for name in HostFile.names(in: configurationDirectory) {
            guard name.hasPrefix("manifold-"), name.hasSuffix(".conf") else { continue }
            let path = configurationDirectory.appending(name)
            guard let text = try HostFile.text(of: path), Self.isOurs(text) else { continue }
            found.append((path, String(name.dropFirst("manifold-".count).dropLast(".conf".count))))
        }
        return found
    }

    private static func isOurs(_ text: String) -> Bool {
        text.hasPrefix(mark) || text.hasPrefix("#!/bin/sh\n" + mark)
    }

    // MARK: fstab

    private var fstab: FilePath { place("etc/fstab") }
    private var backup: FilePath { place("etc/fstab.before-manifold") }
    private static let line = "binfmt_misc /proc/sys/fs/binfmt_misc binfmt_misc nofail 0 0\n"

    /// The text of fstab with a line for binfmt_misc; nil when it has one.
    private func fstabWithLine() throws(HostInstallError) -> String? {
        let old = try HostFile.text(of: fstab) ?? ""
        let isThere = old.split(separator: "\n").contains { line in
            let fields = line.split { $0 == " " || $0 == "\t" }
            return fields.count > 2 && !fields[0].hasPrefix("#") && fields[1] == "/proc/sys/fs/binfmt_misc"
        }
        if isThere { return nil }
        return old + (old.isEmpty || old.hasSuffix("\n") ? "" : "\n") + Self.mark + Self.line
    }

    // MARK: The script

    private var script: File {
        File(path: scripts[starter == .openRC ? 0 : hasRunLevels ? 1 : 2], text: Self.scriptText, mode: 0o755)
    }

    /// Where the script may be: for OpenRC's `local`, for SysV with run levels, and for plain init, as busybox has it.
    private var scripts: [FilePath] {
        [
            place("etc/local.d/manifold-emulators.start"), place("etc/init.d/manifold-emulators"),
            place("etc/init.d/S20manifold-emulators"),
        ]
    }

    private var hasRunLevels: Bool { HostFile.exists(place("etc/rc2.d")) }

    private var links: [FilePath] { (2...5).map { place("etc/rc\($0).d/S20manifold-emulators") } }

    private func link() throws(HostInstallError) {
        guard starter == .sysV, hasRunLevels else { return }
        for path in links where HostFile.exists(path.removingLastComponent()) {
            guard symlink("../init.d/manifold-emulators", path.string) != 0, errno != EEXIST else { continue }
            throw .file(path, Errno(rawValue: errno))
        }
    }

    private static func leadsToOurs(_ path: FilePath) -> Bool {
        var target = [CChar](repeating: 0, count: 256)
        let count = readlink(path.string, &target, target.count - 1)
        return count > 0
            && String(decoding: target.prefix(count).map { UInt8(bitPattern: $0) }, as: UTF8.self)
                == "../init.d/manifold-emulators"
    }

    private static let scriptText = """
        #!/bin/sh
        \(mark)### BEGIN INIT INFO
        # Provides:          manifold-emulators
        # Required-Start:    $local_fs
        # Required-Stop:
        # Default-Start:     2 3 4 5
        # Default-Stop:
        # Short-Description: Register the emulators of /etc/binfmt.d/manifold-*.conf
        ### END INIT INFO
        case ${1:-start} in start | restart | force-reload) ;; *) exit 0 ;; esac
        list=/proc/sys/fs/binfmt_misc
        [ -e "$list/register" ] || mount -t binfmt_misc binfmt_misc "$list" || exit 1
        for file in /etc/binfmt.d/manifold-*.conf; do
            [ -e "$file" ] || continue
            while IFS= read -r line; do
                case $line in '' | '#'* | ';'*) continue ;; esac
                name=${line#?}
                name=${name%%:*}
                [ -e "$list/$name" ] || printf '%s\\n' "$line" >"$list/register"
            done <"$file"
        done

        """

    private func place(_ path: String) -> FilePath { root.pushing(FilePath(path)) }
}

extension String {
    /// Where `part` is, at the beginning of a line.
    fileprivate func range(of part: String) -> Range<Index>? {
        var from = startIndex
        while from < endIndex {
            if self[from...].hasPrefix(part) { return from..<index(from, offsetBy: part.count) }
            guard let end = self[from...].firstIndex(of: "\n") else { return nil }
            from = index(after: end)
        }
        return nil
    }

    fileprivate func replacingCharacters(in range: Range<Index>, with text: String) -> String {
        String(self[..<range.lowerBound]) + text + String(self[range.upperBound...])
    }
}
