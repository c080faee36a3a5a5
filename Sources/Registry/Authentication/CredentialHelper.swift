// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import FoundationEssentials
import Glibc
import HTTP
import Subprocess
import SystemPackage

/// A `docker-credential-…` program, which keeps credentials in the system's key store, a password manager or a cloud.
///
/// It is told what to do by its one argument, the registry or the credential by its standard input, so that nothing
/// secret is ever in a list of processes (docker-credential-helpers' protocol).
struct CredentialHelper: Sendable {
    /// The name in the file, such as `secretservice`.
    var name: String
    /// The file that names it.
    var namedIn: FilePath
    var environment: [String: String]
    /// How long it may take; somebody may have to unlock a key.
    var timeout: Duration = .seconds(60)

    var program: String { "docker-credential-\(name)" }

    private struct Document: Codable {
        var serverURL: String?
        var username: String?
        var secret: String?

        enum CodingKeys: String, CodingKey {
            case serverURL = "ServerURL"
            case username = "Username"
            case secret = "Secret"
        }
    }

    /// The user name that says that the secret is an identity token.
    private static let tokenUser = "<token>"

    /// The credential for a registry, or nil when the program has none.
    func get(_ registry: String) async throws -> Credential? {
        let answer = try await run("get", input: CredentialKey.written(registry), registry)
        guard answer.succeeded else {
            if Self.saysNotFound(answer.output) { return nil }
            throw failure(answer, doing: "get", registry)
        }
        guard let document = try? JSONDecoder().decode(Document.self, from: Data(answer.output.utf8)) else {
            throw error("its answer is not JSON", registry)
        }
        guard let username = document.username, let secret = document.secret, !secret.isEmpty else { return nil }
        return username == Self.tokenUser
            ? .identityToken(Secret(secret)) : .password(username: username, Secret(secret))
    }

    /// Keeps a credential.
    func store(_ credential: Credential, for registry: String) async throws {
        var document = Document(serverURL: CredentialKey.written(registry))
        switch credential {
        case .password(let username, let secret): (document.username, document.secret) = (username, secret.value)
        case .identityToken(let token): (document.username, document.secret) = (Self.tokenUser, token.value)
        }
        let input = String(decoding: try JSONEncoder().encode(document), as: UTF8.self)
        let answer = try await run("store", input: input, registry)
        guard answer.succeeded else {
            // It may say what it was told.
            let secrets = KnownSecrets()
            secrets.note(credential)
            throw secrets.redacted(failure(answer, doing: "store", registry))
        }
    }

    /// Forgets the credential for a registry; false when there was none.
    func erase(_ registry: String) async throws -> Bool {
        let answer = try await run("erase", input: CredentialKey.written(registry), registry)
        if answer.succeeded { return true }
        if Self.saysNotFound(answer.output) { return false }
        throw failure(answer, doing: "erase", registry)
    }

    private static func saysNotFound(_ output: String) -> Bool {
        // The words of the protocol's reference, and of helpers that use their own.
        let text = output.lowercased()
        return text.contains("credentials not found") || text.contains("not found in native keychain")
            || text.contains("no credentials")
    }

    private struct Answer: Sendable {
        var succeeded: Bool
        var status: String
        var output: String
        var errorOutput: String
    }

    private func run(_ word: String, input: String, _ registry: String) async throws -> Answer {
        guard !name.contains("/"), let path = found(program) else {
            throw error("there is no such program in PATH", registry)
        }
        let variables = environment.reduce(into: [Environment.Key: String]()) { variables, variable in
            if let key = Environment.Key(rawValue: variable.key) { variables[key] = variable.value }
        }
        // A shell starts the program: what is no program is then one more failure with a status and words.
        let arguments = ["-c", "exec \"$@\"", "sh"] + command(path, word)
        let timeout = timeout
        do {
            return try await withThrowingTaskGroup(of: Answer?.self) { group in
                group.addTask {
                    let standardInput = try Self.pipe(holding: input + "\n")
                    let result = try await Subprocess.run(
                        .path("/bin/sh"), arguments: Arguments(arguments), environment: .custom(variables),
                        input: .fileDescriptor(standardInput, closeAfterSpawningProcess: true),
                        output: .string(limit: 1 << 20), error: .string(limit: 1 << 20))
                    return Answer(
                        succeeded: result.terminationStatus.isSuccess, status: "\(result.terminationStatus)",
                        output: result.standardOutput, errorOutput: result.standardError)
                }
                group.addTask {
                    try await Task.sleep(for: timeout)
                    return nil
                }
                defer { group.cancelAll() }
                guard let answer = try await group.next() ?? nil else {
                    throw error("it did not end within \(timeout)", registry)
                }
                return answer
            }
        } catch let error as RegistryError {
            throw error
        } catch {
            if Task.isCancelled || error is CancellationError { throw CancellationError() }
            throw self.error("it cannot be run: \(error)", registry)
        }
    }

    /// The reading end of a pipe that holds a text, which must fit into it.
    ///
    /// A program need not read what it is told, and swift-subprocess 1.0.2 ends this process when it cannot write.
    private static func pipe(holding text: String) throws -> FileDescriptor {
        let (reading, writing) = try FileDescriptor.pipe()
        do {
            _ = fcntl(reading.rawValue, F_SETFD, FD_CLOEXEC)
            _ = fcntl(writing.rawValue, F_SETFD, FD_CLOEXEC)
            try writing.closeAfter {
                guard text.utf8.count <= 32 << 10 else { throw Errno.fileTooLarge }
                try writing.writeAll(text.utf8)
            }
            return reading
        } catch {
            try? reading.close()
            throw error
        }
    }

    private func found(_ program: String) -> FilePath? {
        let path = environment["PATH"] ?? "/usr/local/bin:/usr/bin:/bin"
        return path.split(separator: ":").lazy.map { FilePath(String($0)).appending(program) }
            .first { access($0.string, X_OK) == 0 }
    }

    /// The program as the user that runs manifold.
    ///
    /// In a user namespace of ours that user is root, and a session bus or a key store, which asks the kernel who is
    /// calling, would not believe it. One more namespace gives the program its own user number back.
    private func command(_ path: FilePath, _ word: String) -> [String] {
        guard getuid() == 0, let user = Self.outer("uid_map"), let group = Self.outer("gid_map"), user != 0,
            let unshare = found("unshare")
        else { return [path.string, word] }
        return [
            unshare.string, "--user", "--map-user=\(user)", "--map-group=\(group)", "--", path.string, word,
        ]
    }

    /// What the number 0 of this user namespace is outside.
    private static func outer(_ map: String) -> UInt32? {
        guard let bytes = try? SmallFile.read(FilePath("/proc/self").appending(map)) else { return nil }
        for line in String(decoding: bytes, as: UTF8.self).split(separator: "\n") {
            let numbers = line.split(separator: " ").compactMap { UInt32($0) }
            if numbers.count == 3, numbers[0] == 0 { return numbers[1] }
        }
        return nil
    }

    private func failure(_ answer: Answer, doing word: String, _ registry: String) -> RegistryError {
        // A helper says what is wrong on its standard output; what looks like an answer is not repeated.
        let said = [answer.output, answer.errorOutput].lazy
            .map { $0.split(separator: "\n").first.map { String($0.prefix(300)) } ?? "" }
            .first { !$0.isEmpty && !$0.contains("{") }
        return error("\"\(word)\" failed (\(answer.status))\(said.map { ": \($0)" } ?? "")", registry)
    }

    private func error(_ text: String, _ registry: String) -> RegistryError {
        var error = RegistryError(
            .credentials, registry: registry, operation: "get the credentials for", subject: registry,
            detail: "\(program), which \(namedIn) names: \(text)")
        error.hint = "install or mend \(program), or take it out of credHelpers and credsStore in \(namedIn)"
        return error
    }
}
