// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import HTTP

extension GitSource {
    /// Parses what names a git repository; nil for anything else.
    ///
    /// These do: `https://…/x.git` and http alike, `git://…`, `ssh://…`, `user@host:path`, each with `#reference:directory`
    /// or `?ref=…&tag=…&branch=…&subdir=…&checksum=…&keep-git-dir=…&submodules=…&mtime=…` behind it; and
    /// `github.com/…` where that is accepted.
    ///
    /// - Throws: ``RemoteError`` of kind ``RemoteError/Kind/malformedSource`` for a repository with a query or a
    ///   reference that cannot be understood.
    init?(_ text: String, shorthand: RemoteSource.Shorthand) throws(RemoteError) {
        if text.hasPrefix("github.com/") {
            guard shorthand == .accepted else { return nil }
            try self.init(url: "https://" + text, written: text)
        } else if let scheme = WebURL.scheme(of: text) {
            switch scheme {
            case "git", "ssh": break
            case "http", "https":
                let path = text.drop { $0 != ":" }.dropFirst(3).prefix { $0 != "#" && $0 != "?" }.drop { $0 != "/" }
                guard (PercentEncoding.decode(path) ?? "").hasSuffix(".git") else { return nil }
            default: return nil
            }
            try self.init(url: text, written: text)
        } else {
            try self.init(likeSCP: text)
        }
        guard !remote.hasPrefix("-"), reference?.hasPrefix("-") != true else {
            throw Self.malformed(text, "it begins with a dash")
        }
        guard !remote.utf8.contains(where: { $0 <= 32 || $0 == 127 }),
            !(reference ?? "").utf8.contains(where: { $0 <= 32 || $0 == 127 })
        else { throw Self.malformed(text, "it has blanks or control characters in it") }
    }

    private init(url text: String, written: String) throws(RemoteError) {
        let scheme = WebURL.scheme(of: text) ?? ""
        let beforeFragment = text.prefix { $0 != "#" }
        let address = beforeFragment.prefix { $0 != "?" }
        let authority = address.dropFirst(scheme.count + 3).prefix { $0 != "/" }
        let place = authority.split(separator: "@", omittingEmptySubsequences: false).last ?? ""
        let host =
            place.first == "[" ? place.prefix { $0 != "]" } + "]" : place.prefix { $0 != ":" }
        guard !host.isEmpty, host != "]" else { throw Self.malformed(written, "the host is missing") }
        remote = scheme + "://" + address.dropFirst(scheme.count + 3)
        self.host = host.lowercased()
        guard let fragment = PercentEncoding.decode(text.dropFirst(beforeFragment.count + 1)) else {
            throw Self.malformed(written, "its fragment is not well encoded")
        }
        read(fragment: fragment)
        try read(query: beforeFragment.dropFirst(address.count + 1), of: written)
    }

    /// `user@host:path`
    private init?(likeSCP text: String) throws(RemoteError) {
        let beforeFragment = text.prefix { $0 != "#" }
        let address = beforeFragment.prefix { $0 != "?" }
        guard let at = address.firstIndex(of: "@"),
            let colon = address[at...].firstIndex(of: ":")
        else { return nil }
        let user = address[..<at]
        let host = address[address.index(after: at)..<colon]
        guard !user.isEmpty, !host.isEmpty,
            user.utf8.allSatisfy({ $0.isAlphanumeric || $0 == UInt8(ascii: "-") || $0 == UInt8(ascii: "_") }),
            host.utf8.allSatisfy({ $0.isAlphanumeric || $0 == UInt8(ascii: "-") || $0 == UInt8(ascii: ".") })
        else { return nil }
        guard host.first != "-" else { throw Self.malformed(text, "the host begins with a dash") }
        remote = String(address)
        self.host = host.lowercased()
        read(fragment: String(text.dropFirst(beforeFragment.count + 1)))
        try read(query: beforeFragment.dropFirst(address.count + 1), of: text)
    }

    /// `reference:directory`
    private mutating func read(fragment: String) {
        let parts = fragment.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
        reference = parts.first.flatMap { $0.isEmpty ? nil : $0 }
        subdirectory = parts.count == 2 && !parts[1].isEmpty ? parts[1] : nil
    }

    private mutating func read(query: Substring, of text: String) throws(RemoteError) {
        let values = try Self.values(of: query, in: text)
        for key in values.keys.sorted() { try set(key, to: values[key] ?? "", of: text) }
        if values["tag"] != nil, values["branch"] != nil { throw Self.malformed(text, "branch conflicts with tag") }
        if let tag = values["tag"] { try setReference(Self.name(tag, below: "refs/tags/"), of: text) }
        if let branch = values["branch"] { try setReference(Self.name(branch, below: "refs/heads/"), of: text) }
        if reference == nil, let checksum, Self.isCommit(checksum) { reference = checksum }
    }

    private static func values(of query: Substring, in text: String) throws(RemoteError) -> [String: String] {
        var values: [String: String] = [:]
        for pair in query.split(separator: "&") {
            let parts = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            guard let key = PercentEncoding.decode(parts[0], plusIsBlank: true),
                let value = PercentEncoding.decode(parts.count == 2 ? parts[1] : "", plusIsBlank: true)
            else { throw malformed(text, "its query is not well encoded") }
            guard values.updateValue(value, forKey: key) == nil else {
                throw malformed(text, "query \"\(key)\" has multiple values")
            }
            guard !value.isEmpty || ["submodules", "keep-git-dir", "fetch-by-commit"].contains(key) else {
                throw malformed(text, "query \"\(key)\" has no value")
            }
        }
        return values
    }

    private mutating func set(_ key: String, to value: String, of text: String) throws(RemoteError) {
        switch key {
        case "ref": try setReference(value, of: text)
        case "tag", "branch": break
        case "subdir":
            if let subdirectory, subdirectory != value {
                throw Self.malformed(text, "subdir conflicts: \"\(subdirectory)\" vs \"\(value)\"")
            }
            subdirectory = value
        case "checksum", "commit": checksum = value
        case "keep-git-dir": keepsGitDirectory = try Self.flag(value, key, of: text)
        case "submodules": skipsSubmodules = try !Self.flag(value, key, of: text)
        // A commit is always asked for by its name where the server allows it.
        case "fetch-by-commit": _ = try Self.flag(value, key, of: text)
        case "mtime":
            guard let time = ModificationTime(rawValue: value) else {
                throw Self.malformed(text, "invalid mtime value: \"\(value)\"; there are checkout and commit")
            }
            modificationTime = time
        default: throw Self.malformed(text, "unexpected query \"\(key)\"")
        }
    }

    private static func name(_ name: String, below prefix: String) -> String {
        name.hasPrefix(prefix) ? name : prefix + name
    }

    private mutating func setReference(_ value: String, of text: String) throws(RemoteError) {
        if let reference, reference != value {
            throw Self.malformed(text, "ref conflicts: \"\(reference)\" vs \"\(value)\"")
        }
        reference = value
    }

    private static func flag(_ value: String, _ key: String, of text: String) throws(RemoteError) -> Bool {
        switch value {
        case "", "1", "t", "T", "true", "TRUE", "True": true
        case "0", "f", "F", "false", "FALSE", "False": false
        default: throw malformed(text, "invalid \(key) value: \"\(value)\"")
        }
    }

    private static func malformed(_ text: String, _ reason: String) -> RemoteError {
        RemoteError(.malformedSource, subject: text.withoutPassword, detail: reason)
    }
}
