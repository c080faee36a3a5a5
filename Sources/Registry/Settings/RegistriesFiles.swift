// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import FoundationEssentials
import HTTP
public import OCI
import Synchronization
public import SystemPackage

/// The `registries.conf` files of containers' tools: mirrors, other places, what is forbidden or insecure, short names
/// (containers-registries.conf(5)). They are read when they are first needed, and then once.
public final class RegistriesFiles: Sendable {
    /// The files; later ones add to earlier ones, and win over them. Those that do not exist say nothing.
    public let files: [FilePath]
    /// Folders whose `*.conf` files come after ``files``, by name.
    public let folders: [FilePath]

    private let loaded = Mutex<Result<RegistriesSettings, RegistryError>?>(nil)

    public init(files: [FilePath], folders: [FilePath] = []) {
        self.files = files
        self.folders = folders
    }

    /// `$CONTAINERS_REGISTRIES_CONF`, else the user's file, else the machine's; then the drop-ins of both.
    public convenience init(environment: [String: String]) {
        func value(_ name: String) -> String? { environment[name].flatMap { $0.isEmpty ? nil : $0 } }
        let user =
            (value("XDG_CONFIG_HOME").map { FilePath($0) } ?? value("HOME").map { FilePath($0).appending(".config") })?
            .appending("containers")
        let own = user?.appending("registries.conf")
        let main =
            value("CONTAINERS_REGISTRIES_CONF").map { FilePath($0) }
            ?? own.flatMap { FileManager.default.fileExists(atPath: $0.string) ? $0 : nil }
            ?? "/etc/containers/registries.conf"
        self.init(
            files: [main],
            folders: [FilePath("/etc/containers"), user].compactMap { $0?.appending("registries.conf.d") })
    }

    /// The names that a short name such as `alpine` may stand for, the first to be tried first.
    ///
    /// An alias is the only one; else there is one for each registry of `unqualified-search-registries`, or, without that, the one
    /// that Docker means. A name with a registry stands for itself.
    ///
    /// - Throws: ``RegistryError`` of kind ``RegistryError/Kind/settings``, or ``OCIError`` for what is no name.
    public func candidates(for name: String) throws -> [Reference] {
        let docker = try Reference(name)
        let path = name.prefix { $0 != "@" }
        let tagless = path.lastIndex(of: ":").map { path[$0...].contains("/") ? path : path[..<$0] } ?? path
        let first = tagless.prefix { $0 != "/" }
        let isQualified =
            first.count < tagless.count
            && (first == "localhost" || first.contains { $0 == "." || $0 == ":" || $0.isUppercase })
        guard !isQualified else { return [docker] }
        let settings = try settings(for: docker.registry)
        let suffix = name.dropFirst(tagless.count)
        if let alias = settings.aliases[String(tagless)] { return [try Reference(alias + suffix)] }
        guard !settings.searched.isEmpty else { return [docker] }
        return try settings.searched.map { try Reference("\($0)/\(name)") }
    }

    /// What all files say together.
    func settings(for registry: String) throws -> RegistriesSettings {
        try loaded.withLock { loaded in
            if let loaded { return loaded }
            let result = Result { () throws(RegistryError) in try load(registry) }
            loaded = result
            return result
        }.get()
    }

    private func load(_ registry: String) throws(RegistryError) -> RegistriesSettings {
        var settings = RegistriesSettings()
        var paths = files
        for folder in folders {
            let names = (try? FileManager.default.contentsOfDirectory(atPath: folder.string)) ?? []
            paths += names.filter { $0.hasSuffix(".conf") }.sorted().map { folder.appending($0) }
        }
        for path in paths {
            do {
                try settings.add(TOML.parse(String(decoding: SmallFile.read(path), as: UTF8.self)))
            } catch Errno.noSuchFileOrDirectory, Errno.notDirectory {
                continue
            } catch {
                let words = (error as? any CustomStringConvertible)?.description ?? "\(error)"
                throw RegistryError(
                    .settings, registry: registry, operation: "find", subject: registry,
                    detail: "\(path) cannot be used: \(words)")
            }
        }
        return settings
    }
}
