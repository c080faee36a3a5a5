// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import OCI

/// What `registries.conf` says, in version 2 of its form; the tables of version 1 are understood too.
struct RegistriesSettings: Hashable, Sendable {
    /// A place that may be used instead.
    struct Mirror: Hashable, Sendable {
        enum Use: String, Sendable {
            case all
            case digests = "digest-only"
            case tags = "tag-only"
        }

        var location: String
        var isInsecure: Bool
        var use: Use
    }

    /// What is said of all names that begin in one way.
    struct Entry: Hashable, Sendable {
        var prefix: String
        /// What stands in place of the prefix.
        var location: String
        var isInsecure: Bool
        var isBlocked: Bool
        var mirrors: [Mirror]
    }

    /// What cannot be made sense of.
    struct Failure: Error, CustomStringConvertible {
        var description: String
    }

    var entries: [String: Entry] = [:]
    var aliases: [String: String] = [:]
    var searched: [String] = []

    /// Adds one file's tables.
    mutating func add(_ root: [String: TOML]) throws {
        if let list = root["unqualified-search-registries"] { searched = try Self.strings(list) }
        if case .table(let table)? = root["aliases"] {
            for (name, value) in table { aliases[name] = value.string.flatMap { $0.isEmpty ? nil : $0 } }
        }
        for table in root["registry"]?.array ?? [] { try add(registry: table) }
        try addOld(root["registries"])
    }

    private mutating func add(registry table: TOML) throws {
        let location = table["location"]?.string ?? ""
        let prefix = table["prefix"]?.string.flatMap { $0.isEmpty ? nil : $0 } ?? location
        guard !prefix.isEmpty else { throw Failure(description: "a [[registry]] has neither prefix nor location") }
        let byDigestOnly = table["mirror-by-digest-only"]?.bool ?? false
        let mirrors = try (table["mirror"]?.array ?? []).map { mirror in
            guard let place = mirror["location"]?.string, !place.isEmpty else {
                throw Failure(description: "a mirror of \(prefix) has no location")
            }
            var use = byDigestOnly ? Mirror.Use.digests : .all
            if let word = mirror["pull-from-mirror"]?.string, !word.isEmpty {
                guard let found = Mirror.Use(rawValue: word) else {
                    throw Failure(description: "pull-from-mirror is all, digest-only or tag-only, not \(word)")
                }
                use = found
            }
            return Mirror(location: Self.trimmed(place), isInsecure: mirror["insecure"]?.bool ?? false, use: use)
        }
        entries[prefix] = Entry(
            prefix: Self.trimmed(prefix), location: Self.trimmed(location),
            isInsecure: table["insecure"]?.bool ?? false, isBlocked: table["blocked"]?.bool ?? false, mirrors: mirrors)
    }

    private mutating func addOld(_ tables: TOML?) throws {
        if let list = tables?["search"]?["registries"] { searched = try Self.strings(list) }
        for name in try tables?["insecure"]?["registries"].map(Self.strings) ?? [] {
            entries[name, default: Self.plain(name)].isInsecure = true
        }
        for name in try tables?["block"]?["registries"].map(Self.strings) ?? [] {
            entries[name, default: Self.plain(name)].isBlocked = true
        }
    }

    private static func plain(_ name: String) -> Entry {
        Entry(prefix: name, location: name, isInsecure: false, isBlocked: false, mirrors: [])
    }

    private static func strings(_ list: TOML) throws -> [String] {
        guard let values = list.array else { throw Failure(description: "a list of registries is something else") }
        return values.compactMap(\.string).map(trimmed)
    }

    private static func trimmed(_ text: String) -> String { text.hasSuffix("/") ? String(text.dropLast()) : text }

    /// The entry with the longest prefix of a repository's name.
    func entry(for reference: Reference) -> Entry? {
        entries.values.filter { $0.matchedCount(reference) != nil }.max { left, right in
            (left.prefix.utf8.count, left.prefix) < (right.prefix.utf8.count, right.prefix)
        }
    }
}

extension RegistriesSettings.Entry {
    /// How many bytes of a repository's name the prefix is for; nil when it is not for that name.
    func matchedCount(_ reference: Reference) -> Int? {
        if prefix.hasPrefix("*.") {
            let end = prefix.dropFirst()
            let host = reference.registry.prefix { $0 != ":" }
            return !end.contains("/") && host.hasSuffix(end) ? reference.registry.utf8.count : nil
        }
        let full = reference.description
        guard full.hasPrefix(prefix) else { return nil }
        let rest = full.dropFirst(prefix.count)
        return rest.isEmpty || "/:@".contains(rest.first ?? "/") ? prefix.utf8.count : nil
    }

    /// A reference with another place in front of what the prefix leaves.
    func moved(_ reference: Reference, to location: String) throws -> Reference {
        guard !location.isEmpty, let count = matchedCount(reference) else { return reference }
        let name = location + String(decoding: reference.name.utf8.dropFirst(count), as: UTF8.self)
        guard let slash = name.firstIndex(of: "/") else {
            throw RegistriesSettings.Failure(description: "\(location) names no repository for \(reference.name)")
        }
        return Reference(
            registry: String(name[..<slash]), repository: String(name[name.index(after: slash)...]),
            tag: reference.tag, digest: reference.digest)
    }
}
