// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import FoundationEssentials
import Synchronization
public import SystemPackage

/// The credentials that `docker login` stored: `auths` in $DOCKER_CONFIG/config.json or ~/.docker/config.json.
///
/// The file is read when the first registry asks for credentials, and then once.
public final class DockerConfig: CredentialSource {
    /// Where the file is expected, or nil when the environment names no home.
    public let path: FilePath?

    private let loaded = Mutex<[String: Entry]?>(nil)

    /// Finds the file by DOCKER_CONFIG and HOME of `environment`.
    public init(environment: [String: String]) {
        if let directory = environment["DOCKER_CONFIG"], !directory.isEmpty {
            path = FilePath(directory).appending("config.json")
        } else if let home = environment["HOME"], !home.isEmpty {
            path = FilePath(home).appending(".docker").appending("config.json")
        } else {
            path = nil
        }
    }

    public func credential(for registry: String) async throws -> Credential? {
        let entries = try loaded.withLock { loaded in
            if let loaded { return loaded }
            let entries = try load(for: registry)
            loaded = entries
            return entries
        }
        guard let entry = entries[Self.normalise(registry)] else { return nil }
        return try credential(of: entry, registry: registry)
    }

    struct Entry: Decodable, Sendable {
        var auth: String?
        var username: String?
        var password: String?
        var identitytoken: String?
    }

    private struct File: Decodable {
        var auths: [String: Entry]?
    }

    private func load(for registry: String) throws -> [String: Entry] {
        guard let path else { return [:] }
        let bytes: [UInt8]
        do {
            bytes = try SmallFile.read(path)
        } catch Errno.noSuchFileOrDirectory, Errno.notDirectory {
            return [:]
        } catch {
            throw unusable("\(path) cannot be read: \(error)", registry)
        }
        guard !bytes.isEmpty else { return [:] }
        guard let file = try? JSONDecoder().decode(File.self, from: Data(bytes)) else {
            throw unusable("\(path) is not the JSON that docker login writes", registry)
        }
        let auths = file.auths ?? [:]
        var entries: [String: Entry] = [:]
        // A key that is the plain host wins over one with a scheme or a path.
        for key in auths.keys.sorted(by: { ($0.utf8.count, $0) > ($1.utf8.count, $1) }) {
            entries[Self.normalise(key)] = auths[key]
        }
        return entries
    }

    private func credential(of entry: Entry, registry: String) throws -> Credential? {
        if let token = entry.identitytoken, !token.isEmpty { return .identityToken(Secret(token)) }
        if let auth = entry.auth, !auth.isEmpty {
            guard let data = Data(base64Encoded: auth.trimmingSuffix { $0 == "\n" || $0 == "\0" }),
                let colon = data.firstIndex(of: UInt8(ascii: ":"))
            else {
                throw unusable("the \"auth\" of \(registry) in \(pathText) is not base64 of user:password", registry)
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

    private var pathText: String { path?.string ?? "config.json" }

    private func unusable(_ detail: String, _ registry: String) -> RegistryError {
        RegistryError(
            .credentials, registry: registry, operation: "read the credentials for", subject: registry, detail: detail)
    }

    /// The host that a key of `auths` means: without scheme and path, and one name for all of Docker Hub's.
    static func normalise(_ key: String) -> String {
        var host = key[...]
        for scheme in ["https://", "http://"] where host.hasPrefix(scheme) { host = host.dropFirst(scheme.count) }
        host = host.prefix { $0 != "/" }
        switch host {
        case "index.docker.io", "registry-1.docker.io": return "docker.io"
        default: return host.lowercased()
        }
    }
}

extension String {
    fileprivate func trimmingSuffix(while isDropped: (Character) -> Bool) -> String {
        var rest = self[...]
        while let last = rest.last, isDropped(last) { rest = rest.dropLast() }
        return String(rest)
    }
}
