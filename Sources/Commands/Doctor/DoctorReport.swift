// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import Doctor
import Host
import OCI
import SystemPackage

/// What `manifold doctor` tells; encoded as `--json` prints it.
struct DoctorReport: Encodable {
    struct Place: Encodable {
        let platform: String
        let kernel: String
        let distribution: String
        let store: String
    }

    struct Runnable: Encodable {
        let platform: String
        /// `native`, or the emulator; nil when nothing runs it here.
        let runs: String?
    }

    let ok: Bool
    let machine: Place
    let findings: [Finding]
    let platforms: [Runnable]
    /// What mends the machine, in this order.
    let commands: [Finding.Command]
    /// What to go on with.
    let next: [String]
    /// What `--fix` has done.
    let mended: [String]

    /// - Parameters:
    ///   - platforms: those that were looked at.
    ///   - hasDockerfile: whether there is one in the working directory.
    ///   - given: the words of the command line, `doctor` and what it was asked.
    ///   - store: the directory that `--root` named.
    init(
        _ machine: ExaminedMachine, _ findings: [Finding], platforms: [Platform], mended: [String], hasDockerfile: Bool,
        given: [String], store: String?
    ) {
        self.findings = findings
        self.mended = mended
        ok = !findings.contains { $0.status == .failure }
        self.machine = Place(
            platform: machine.host.description, kernel: machine.kernel, distribution: machine.distribution.name,
            store: machine.store.string)
        var runs: [String: String] = [:]
        for finding in findings { if let platform = finding.platform { runs[platform] = finding.runs } }
        self.platforms = platforms.map { Runnable(platform: $0.description, runs: runs[$0.description]) }
        var commands: [Finding.Command] = []
        for finding in findings where [.failure, .warning].contains(finding.status) {
            for command in finding.commands where !commands.contains(command) { commands.append(command) }
        }
        self.commands = commands
        next = Self.next(
            working: self.platforms.filter { $0.runs != nil }.map(\.platform), host: machine.host.description,
            isReady: ok, hasDockerfile: hasDockerfile, program: machine.programName,
            given: given.map(ShellWord.quoted), root: store.map { ["--root", ShellWord.quoted($0)] } ?? [])
    }

    var failed: Bool { !ok }

    var json: String {
        get throws { try ImageDescription.json(self) }
    }

    /// The way from here to an image for several platforms.
    private static func next(
        working: [String], host: String, isReady: Bool, hasDockerfile: Bool, program: String, given: [String],
        root: [String]
    ) -> [String] {
        guard isReady, !working.isEmpty else { return [([program] + given).joined(separator: " ")] }
        var chosen = [host, "linux/amd64", "linux/arm64", "linux/arm/v7"].filter(working.contains)
        chosen += working
        var list: [String] = []
        for platform in chosen where !list.contains(platform) && list.count < 3 { list.append(platform) }
        let name = hasDockerfile ? "app" : "hello"
        let start =
            hasDockerfile
            ? []
            : [
                "mkdir hello && cd hello",
                #"printf 'FROM busybox\nRUN uname -m > /machine\nCMD ["cat", "/machine"]\n' > Dockerfile"#,
            ]
        let foreign = list.last ?? host
        return start + [
            ([program, "build"] + root + ["--platform \(list.joined(separator: ",")) -t \(name) ."]).joined(
                separator: " "),
            ([program, "run"] + root + ["--platform \(foreign) \(name)"]).joined(separator: " "),
        ]
    }
}
