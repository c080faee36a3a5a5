// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import Build
import SystemPackage

extension BuildSecrets {
    /// Reads the values of --secret, and takes the agents of --ssh that run already.
    ///
    /// - Throws: ``CommandError`` that says what is wrong with one.
    init(secrets: [String], agents: [AgentOption], in environment: Environment) throws {
        self.init()
        for text in secrets {
            let (id, source) = try Self.secret(text, in: environment)
            self.secrets[id] = source
        }
        for option in agents {
            if case .socket(let path) = option.source { self.agents[option.id] = path }
        }
    }

    private static func secret(_ text: String, in environment: Environment) throws -> (id: String, source: Source) {
        var fields = try AttributeList(text, flag: "--secret", example: "id=NAME,src=FILE or id=NAME,env=VARIABLE")
        let type = fields.take("type")
        let variableName = fields.take("env")
        let path = fields.take("src", "source")
        guard let id = fields.take("id"), !id.isEmpty else {
            throw CommandError("--secret \(text): the id is missing", remedy: "write it as --secret id=NAME,src=FILE")
        }
        if let key = fields.rest.first {
            throw CommandError(
                "--secret \(text): \"\(key)\" is not understood", remedy: "there are id, src, env and type")
        }
        if let path, type != "env" {
            return (id, .file(environment.absolute(path)))
        }
        // Without a source the id itself names a variable, or else a file.
        let variable = variableName ?? path ?? id
        if let value = environment.variables[variable] { return (id, .text(value)) }
        guard variableName == nil, type != "env" else {
            throw CommandError("--secret \(text): the variable \(variable) is not set")
        }
        return (id, .file(environment.absolute(id)))
    }
}
