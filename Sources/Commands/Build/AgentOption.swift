// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import Glibc
import Store
import SystemPackage

/// The value of --ssh: an id, and where its agent is or which keys it shall hold.
struct AgentOption {
    /// Who answers.
    enum Source {
        /// An agent that runs already.
        case socket(FilePath)
        /// An agent of this build alone, with the keys of these files.
        case keys([FilePath])
    }

    let id: String
    let source: Source

    /// Reads `default`, `ID`, `ID=SOCKET` or `ID=KEY[,KEY…]`.
    ///
    /// - Throws: ``CommandError``.
    init(parsing text: String, in environment: Environment) throws {
        let parts = text.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
        id = parts[0]
        guard !id.isEmpty else {
            throw CommandError("--ssh \(text): the id is missing", remedy: "write it as --ssh default=PATH")
        }
        // Every socket is handed on as it is, which is what raw=true asks for.
        let words = parts.dropFirst().flatMap { $0.split(separator: ",").map(String.init) }
        let paths = words.filter { $0 != "raw=true" && $0 != "raw=false" }.map { environment.absolute($0) }
        if let missing = paths.first(where: { !Files.exists($0) }) {
            throw CommandError(
                "--ssh \(text): there is no \(missing)",
                remedy: "name the socket of an agent, or the file of a private key")
        }
        if paths.count == 1, Self.isSocket(paths[0]) {
            source = .socket(paths[0])
        } else if !paths.isEmpty {
            if let socket = paths.first(where: { Self.isSocket($0) }) {
                throw CommandError("--ssh \(text): \(socket) is an agent's socket, which cannot stand beside others")
            }
            source = .keys(paths)
        } else if let socket = environment["SSH_AUTH_SOCK"] {
            source = .socket(environment.absolute(socket))
        } else {
            throw CommandError(
                "--ssh \(text): there is no agent: SSH_AUTH_SOCK is not set",
                remedy: "start one with ssh-agent, or name a key as in --ssh default=~/.ssh/id_ed25519")
        }
    }

    private static func isSocket(_ path: FilePath) -> Bool {
        var status = stat()
        return stat(path.string, &status) == 0 && status.st_mode & S_IFMT == S_IFSOCK
    }
}
