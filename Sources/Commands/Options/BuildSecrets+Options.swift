// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import Build
import SystemPackage

extension BuildSecrets {
    /// Reads the values of --secret and --ssh.
    ///
    /// - Throws: ``CommandError`` that says what is wrong with one.
    init(secrets: [String], agents: [String], in environment: Environment) throws {
        self.init()
        for text in secrets {
            let (id, source) = try Self.secret(text, in: environment)
            self.secrets[id] = source
        }
        for text in agents {
            let parts = text.split(separator: "=", maxSplits: 1).map(String.init)
            guard let id = parts.first, let path = parts.count == 2 ? parts[1] : environment["SSH_AUTH_SOCK"] else {
                throw CommandError(
                    "--ssh \(text): there is no agent: SSH_AUTH_SOCK is not set",
                    remedy: "start one with ssh-agent, or name its socket as in --ssh default=/path/to/socket")
            }
            self.agents[id] = environment.absolute(path)
        }
    }

    private static func secret(_ text: String, in environment: Environment) throws -> (id: String, source: Source) {
        var fields: [String: String] = [:]
        for field in text.split(separator: ",") {
            let parts = field.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
            guard parts.count == 2, ["id", "src", "source", "env", "type"].contains(parts[0]) else {
                throw CommandError(
                    "--secret \(text): \"\(field)\" is not understood",
                    remedy: "write it as --secret id=NAME,src=FILE or --secret id=NAME,env=VARIABLE")
            }
            fields[parts[0]] = parts[1]
        }
        guard let id = fields["id"], !id.isEmpty else {
            throw CommandError("--secret \(text): the id is missing", remedy: "write it as --secret id=NAME,src=FILE")
        }
        if let path = fields["src"] ?? fields["source"], fields["type"] != "env" {
            return (id, .file(environment.absolute(path)))
        }
        // Without a source the id itself names a variable, or else a file.
        let variable = fields["env"] ?? fields["src"] ?? fields["source"] ?? id
        if let value = environment.variables[variable] { return (id, .text(value)) }
        guard fields["env"] == nil, fields["type"] != "env" else {
            throw CommandError("--secret \(text): the variable \(variable) is not set")
        }
        return (id, .file(environment.absolute(id)))
    }
}
