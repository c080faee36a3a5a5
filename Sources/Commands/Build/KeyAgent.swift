// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import Store
import Subprocess
import SystemPackage

/// An ssh agent for one build, which holds the keys of some files: OpenSSH's, since keys come in many forms.
enum KeyAgent {
    /// Runs `body` while an agent for each of the options that name keys is there; nothing of them is left afterwards.
    ///
    /// - Parameter body: gets the sockets by their ids.
    /// - Throws: ``CommandError`` when an agent cannot have its keys; what `body` throws.
    static func withAgents<Value: Sendable>(
        _ options: [AgentOption], _ body: @escaping @Sendable ([String: FilePath]) async throws -> Value
    ) async throws -> Value {
        guard let option = options.first(where: { $0.keys != nil }), let keys = option.keys else {
            return try await body([:])
        }
        let rest = options.filter { $0.keys != nil && $0.id != option.id }
        // The path of a socket has to be short, so it is not in the store.
        let directory = FilePath("/tmp/manifold-ssh-\(UInt64.random(in: 0 ... .max))")
        try Files.makeDirectories(directory, mode: 0o700)
        defer { try? Files.removeTree(directory) }
        let socket = directory.appending("agent")
        return try await withAgent(at: socket, keys) {
            try await withAgents(rest) { sockets in
                try await body(sockets.merging([option.id: socket]) { old, _ in old })
            }
        }
    }

    /// The agent runs beside a shell that waits for the end of its input, and ends with it: also when this program is
    /// killed. A key with a passphrase must not make ssh-add ask for it.
    private static let script = """
        exec 2>&1
        SSH_ASKPASS=/bin/false SSH_ASKPASS_REQUIRE=force ssh-add -q -- "$@" </dev/null && echo ready && cat >/dev/null
        kill "$SSH_AGENT_PID"
        """

    private static func withAgent<Value: Sendable>(
        at socket: FilePath, _ keys: [FilePath], _ body: @escaping @Sendable () async throws -> Value
    ) async throws -> Value {
        let arguments = ["-a", socket.string, "/bin/sh", "-c", script, "sh"] + keys.map(\.string)
        do {
            let result = try await run(
                .name("ssh-agent"), arguments: Arguments(arguments), input: .inputWriter, output: .sequence,
                error: .discarded
            ) { execution -> Result<Value, any Error> in
                var said: [String] = []
                for try await line in execution.standardOutput.strings() {
                    guard line != "ready" else {
                        let result: Result<Value, any Error>
                        do { result = .success(try await body()) } catch { result = .failure(error) }
                        try await execution.standardInputWriter.finish()
                        return result
                    }
                    said.append(line)
                }
                return .failure(refusal(of: keys, said))
            }
            return try result.closureResult.get()
        } catch let error as SubprocessError {
            throw CommandError(
                "an ssh agent for --ssh could not be started: \(error)",
                remedy: "install OpenSSH's client (sudo apt install openssh-client), or name the socket of an agent")
        }
    }

    private static func refusal(of keys: [FilePath], _ lines: [String]) -> CommandError {
        let names = keys.map(\.string).joined(separator: ", ")
        let reason = lines.filter { !$0.isEmpty }.joined(separator: "; ")
        return CommandError(
            "--ssh: ssh-add cannot read \(names)" + (reason.isEmpty ? "" : ": \(reason)"),
            remedy: "a key with a passphrase has to be in an agent of yours: ssh-add KEY, then --ssh default")
    }
}

extension AgentOption {
    /// The files of the keys; nil when an agent is there already.
    fileprivate var keys: [FilePath]? { if case .keys(let keys) = source { keys } else { nil } }
}
