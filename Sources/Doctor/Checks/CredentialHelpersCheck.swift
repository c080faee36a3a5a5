// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import FoundationEssentials
import Host
package import SystemPackage

/// Whether the programs are there that the files of credentials name.
package struct CredentialHelpersCheck: Check {
    let machine: ExaminedMachine
    /// The files, as in `~/.docker/config.json`.
    let files: [FilePath]

    private struct Document: Decodable {
        var credHelpers: [String: String]?
        var credsStore: String?
    }

    package init(machine: ExaminedMachine, files: [FilePath]) {
        self.machine = machine
        self.files = files
    }

    package func findings() async -> [Finding] {
        let programs = Programs(machine)
        var findings: [Finding] = []
        var names: [String] = []
        for file in files {
            guard let text = SystemFile.text(file) else { continue }
            guard let document = try? JSONDecoder().decode(Document.self, from: Data(text.utf8)) else {
                findings.append(
                    Finding(
                        "credentials", .warning, "credentials", "\(file) cannot be understood",
                        advice: "it should be JSON"))
                continue
            }
            let wanted = Set((document.credHelpers ?? [:]).values).union([document.credsStore ?? ""]).subtracting([""])
            for name in wanted.sorted() where !names.contains(name) {
                names.append(name)
                guard programs.path(of: "docker-credential-\(name)") == nil else { continue }
                findings.append(
                    Finding(
                        "credentials", .warning, "credentials",
                        "docker-credential-\(name), which \(file) names, is not installed",
                        advice: "install it, or take it out of credHelpers and credsStore"))
            }
        }
        guard findings.isEmpty else { return findings }
        let words =
            names.isEmpty
            ? "no helper programs are named" : "docker-credential-\(names.joined(separator: ", ")) are there"
        return [Finding("credentials", .ok, "credentials", words)]
    }
}
