// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import Glibc
import Host
import SystemPackage

/// The programs of a machine.
struct Programs {
    private let machine: ExaminedMachine

    init(_ machine: ExaminedMachine) { self.machine = machine }

    /// The first of `PATH` with this name; nil when there is none.
    func path(of name: String) -> FilePath? {
        let list = machine.environment["PATH"] ?? "/usr/local/bin:/usr/bin:/bin"
        return list.split(separator: ":").lazy.map { machine.file(String($0)).appending(name) }
            .first { access($0.string, X_OK) == 0 }
    }
}

/// Programs that some builds need.
package struct ProgramsCheck: Check {
    let machine: ExaminedMachine

    package init(machine: ExaminedMachine) {
        self.machine = machine
    }

    package func findings() async -> [Finding] {
        let programs = Programs(machine)
        var missing: [Finding] = []
        if programs.path(of: "git") == nil {
            missing.append(
                Finding(
                    "git", .warning, "git", "is not installed; contexts and ADD from git repositories need it",
                    commands: machine.installation(of: .git)))
        }
        if programs.path(of: "ssh") == nil {
            missing.append(
                Finding(
                    "ssh", .note, "ssh", "is not installed; only git repositories by ssh need it",
                    commands: machine.installation(of: .ssh)))
        }
        guard missing.isEmpty else { return missing }
        return [Finding("git", .ok, "git, ssh", "are there")]
    }
}

/// The things that other builders need.
struct RuntimeCheck: Check {
    func findings() async -> [Finding] {
        [Finding("runtime", .ok, "OCI runtime, daemon", "none is needed: manifold starts its processes itself")]
    }
}
