// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import FoundationEssentials
import Glibc
import OCI
import SystemPackage

extension CredentialFile {
    private var isFile: Bool { !path.string.hasPrefix("$") }

    /// Keeps a credential with the helper that the file names for the registry, else in the file itself.
    ///
    /// - Returns: Where it is now, in words.
    func store(_ credential: Credential, for registry: String) async throws -> String {
        let helper = try helper(for: registry)
        if let helper { try await helper.store(credential, for: registry) }
        try change(for: registry, audience: helper == nil ? .owner : .asBefore) { auths in
            Self.remove(registry, from: &auths)
            auths[CredentialKey.written(registry)] = helper == nil ? Self.entry(credential) : .object([:])
            return true
        }
        return helper.map(\.program) ?? path.string
    }

    /// Forgets the credential for a registry.
    ///
    /// - Returns: Whether there was one.
    func erase(_ registry: String) async throws -> Bool {
        let content = try content(for: registry)
        let found = try await helper(for: registry)?.erase(registry) ?? false
        guard isFile, content.auths[CredentialKey.normalise(registry)] != nil else { return found }
        try change(for: registry) { Self.remove(registry, from: &$0) }
        return true
    }

    private func helper(for registry: String) throws -> CredentialHelper? {
        guard !CredentialKey.isScoped(registry) else { return nil }
        return try content(for: registry).helper(for: [CredentialKey.normalise(registry)]).map {
            CredentialHelper(name: $0, namedIn: path, environment: environment)
        }
    }

    @discardableResult
    private static func remove(_ registry: String, from auths: inout [String: JSONTree]) -> Bool {
        let name = CredentialKey.normalise(registry)
        let keys = auths.keys.filter { CredentialKey.normalise($0) == name }
        for key in keys { auths[key] = nil }
        return !keys.isEmpty
    }

    private static func entry(_ credential: Credential) -> JSONTree {
        switch credential {
        case .password(let username, let password):
            .object(["auth": .string(Data("\(username):\(password.value)".utf8).base64EncodedString())])
        case .identityToken(let token):
            .object([
                "auth": .string(Data("00000000-0000-0000-0000-000000000000:".utf8).base64EncodedString()),
                "identitytoken": .string(token.value),
            ])
        }
    }

    /// Changes `auths` and nothing else of the file, in one step, while no other manifold does.
    private func change(
        for registry: String, audience: AtomicFile.Audience = .asBefore, _ body: (inout [String: JSONTree]) -> Bool
    ) throws {
        do {
            try AtomicFile.update(path, audience: audience) { bytes in
                var root: [String: JSONTree] = [:]
                if let bytes, !bytes.isEmpty {
                    guard case .object(let members) = try JSONDecoder().decode(JSONTree.self, from: Data(bytes)) else {
                        throw Errno.invalidArgument
                    }
                    root = members
                }
                var auths: [String: JSONTree] = [:]
                if case .object(let members)? = root["auths"] { auths = members }
                guard body(&auths) else { return nil }
                root["auths"] = .object(auths)
                return Array(JSONTree.object(root).text.utf8)
            }
        } catch {
            throw RegistryError(
                .credentials, registry: registry, operation: "store the credentials for", subject: registry,
                detail: "\(path) cannot be changed: \(error is DecodingError ? "it is not JSON" : "\(error)")")
        }
        forget()
    }
}
