// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import FoundationEssentials
import HTTP
import Synchronization
public import SystemPackage

/// One file of credentials, in the form that Docker's `config.json` and containers' `auth.json` share.
///
/// `credHelpers` and `credsStore` name programs that keep the credentials, `auths` holds them itself
/// (docker-login(1), containers-auth.json(5)). The file is read when the first registry asks for credentials, and then once.
public final class CredentialFile: CredentialSource {
    /// Where the file is, or would be.
    public let path: FilePath

    let environment: [String: String]
    private let loaded = Mutex<Content?>(nil)
    private let given: [UInt8]?
    /// What helpers answered: one question for many requests, and again after a while, since they hand out short-lived tokens.
    private let answers = Mutex<[String: (Credential?, until: ContinuousClock.Instant)]>([:])
    private let asking = Gate(limit: 1)

    /// Names a file, which need not exist; helpers are looked for in PATH of `environment` and run with it.
    public init(path: FilePath, environment: [String: String]) {
        self.path = path
        self.environment = environment
        given = nil
    }

    /// The text of such a file, which is not in a file but in an environment variable.
    init(variable: String, text: String, environment: [String: String]) {
        path = FilePath("$" + variable)
        self.environment = environment
        given = Array(text.utf8)
    }

    public func credential(for registry: String, repository: String?) async throws -> Credential? {
        let content = try content(for: registry)
        let keys = CredentialKey.candidates(registry: registry, repository: repository)
        let key = keys.first { content.auths[$0] != nil }
        let own = try key.flatMap { content.auths[$0] }.flatMap { try credential(of: $0, registry: registry) }
        // Helpers know registries as a whole; what is kept for the very repository is only ever in the file.
        if let own, let key, CredentialKey.isScoped(key) { return own }
        if let name = content.helper(for: keys) {
            do {
                if let credential = try await ask(name, for: registry) { return credential }
            } catch let error as RegistryError {
                // Docker would not look further; but what the file itself holds is better than an error.
                guard own != nil else { throw error }
            }
        }
        return own
    }

    public func origin(of registry: String, repository: String?) async -> String? {
        guard let credential = try? await credential(for: registry, repository: repository) else { return nil }
        let user = if case .password(let name, _) = credential { "of \(name) " } else { "" }
        let keys = CredentialKey.candidates(registry: registry, repository: repository)
        guard let helper = try? content(for: registry).helper(for: keys) else { return "\(user)in \(path)" }
        return "\(user)in \(path) or its docker-credential-\(helper)"
    }

    private func ask(_ name: String, for registry: String) async throws -> Credential? {
        let key = "\(name) \(registry)"
        return try await asking.pass {
            if let (credential, until) = answers.withLock({ $0[key] }), until > .now { return credential }
            let helper = CredentialHelper(name: name, namedIn: path, environment: environment)
            let credential = try await helper.get(registry)
            answers.withLock { $0[key] = (credential, .now + .seconds(300)) }
            return credential
        }
    }

    struct Entry: Decodable, Sendable {
        var auth: String?
        var username: String?
        var password: String?
        var identitytoken: String?
    }

    struct Content: Sendable {
        var auths: [String: Entry] = [:]
        var helpers: [String: String] = [:]
        var store: String?

        /// The helper that keeps the credentials for the first of some keys that has one of its own, else for all.
        func helper(for keys: [String]) -> String? {
            if let own = keys.lazy.compactMap({ helpers[$0] }).first { return own.isEmpty ? nil : own }
            return store.flatMap { $0.isEmpty ? nil : $0 }
        }
    }

    private struct Document: Decodable {
        var auths: [String: Entry]?
        var credHelpers: [String: String]?
        var credsStore: String?
    }

    func content(for registry: String) throws -> Content {
        try loaded.withLock { loaded in
            if let loaded { return loaded }
            let content = try load(for: registry)
            loaded = content
            return content
        }
    }

    /// Forgets what was read, after the file was changed.
    func forget() {
        loaded.withLock { $0 = nil }
        answers.withLock { $0 = [:] }
    }

    private func load(for registry: String) throws -> Content {
        let bytes: [UInt8]
        do {
            bytes = try given ?? SmallFile.read(path)
        } catch Errno.noSuchFileOrDirectory, Errno.notDirectory {
            return Content()
        } catch {
            throw unusable("\(path) cannot be read: \(error)", registry)
        }
        guard bytes.contains(where: { !" \n\t\r".utf8.contains($0) }) else { return Content() }
        guard let document = try? JSONDecoder().decode(Document.self, from: Data(bytes)) else {
            throw unusable("\(path) is not the JSON that docker login writes", registry)
        }
        var content = Content(store: document.credsStore)
        // A key that is the plain host wins over one with a scheme.
        for key in Self.plainestLast(document.auths ?? [:]) {
            content.auths[CredentialKey.normalise(key)] = document.auths?[key]
        }
        for key in Self.plainestLast(document.credHelpers ?? [:]) {
            content.helpers[CredentialKey.normalise(key)] = document.credHelpers?[key]
        }
        return content
    }

    private static func plainestLast(_ entries: [String: some Any]) -> [String] {
        entries.keys.sorted { ($0.utf8.count, $0) > ($1.utf8.count, $1) }
    }

    private func credential(of entry: Entry, registry: String) throws -> Credential? {
        if let token = entry.identitytoken, !token.isEmpty { return .identityToken(Secret(token)) }
        if let auth = entry.auth, !auth.isEmpty {
            guard let data = Data(base64Encoded: auth.trimmingSuffix { $0 == "\n" || $0 == "\0" }),
                let colon = data.firstIndex(of: UInt8(ascii: ":"))
            else {
                throw unusable("the \"auth\" of \(registry) in \(path) is not base64 of user:password", registry)
            }
            let password = data[data.index(after: colon)...].filter { $0 != 0 }
            return .password(
                username: String(decoding: data[..<colon], as: UTF8.self),
                Secret(String(decoding: password, as: UTF8.self)))
        }
        if let username = entry.username, !username.isEmpty {
            return .password(username: username, Secret(entry.password ?? ""))
        }
        return nil
    }

    func unusable(_ detail: String, _ registry: String) -> RegistryError {
        RegistryError(
            .credentials, registry: registry, operation: "read the credentials for", subject: registry, detail: detail)
    }
}

/// The names under which credentials are stored.
enum CredentialKey {
    /// What Docker stores the credentials of Docker Hub under.
    static let dockerHub = "https://index.docker.io/v1/"

    /// The names to look under for a repository, the longest first: `host/team/app`, `host/team`, `host`.
    static func candidates(registry: String, repository: String?) -> [String] {
        let host = normalise(registry)
        var parts = (repository ?? "").split(separator: "/")
        var keys: [String] = []
        while !parts.isEmpty {
            keys.append("\(host)/\(parts.joined(separator: "/"))")
            parts.removeLast()
        }
        return keys + [host]
    }

    /// What a key means: a host, one name for all of Docker Hub's; or a host and the beginning of a repository's name.
    ///
    /// Older tools wrote addresses with a scheme and the version of the API, of which only the host counts.
    static func normalise(_ key: String) -> String {
        var rest = key[...]
        var isAddress = false
        for scheme in ["https://", "http://"] where rest.hasPrefix(scheme) {
            rest = rest.dropFirst(scheme.count)
            isAddress = true
        }
        let host = rest.prefix { $0 != "/" }
        let path = rest.dropFirst(host.count).split(separator: "/")
        let name =
            switch host {
            case "index.docker.io", "registry-1.docker.io": "docker.io"
            default: host.lowercased()
            }
        if isAddress || path.isEmpty || path == ["v1"] || path == ["v2"] { return name }
        return "\(name)/\(path.joined(separator: "/"))"
    }

    /// Whether a key is for some repositories of a registry, as in `host/team`.
    static func isScoped(_ key: String) -> Bool { normalise(key).contains("/") }

    /// What a registry's credentials are written under.
    static func written(_ registry: String) -> String {
        normalise(registry) == "docker.io" ? dockerHub : registry
    }
}

extension String {
    fileprivate func trimmingSuffix(while isDropped: (Character) -> Bool) -> String {
        var rest = self[...]
        while let last = rest.last, isDropped(last) { rest = rest.dropLast() }
        return String(rest)
    }
}
