// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

/// The name of an image: registry, repository and a tag or digest, as in `registry.example/team/app:1.0`.
///
/// Short names follow Docker: `alpine` is `docker.io/library/alpine:latest`. The grammar is that of the
/// distribution project's `reference` package.
public struct Reference: Hashable, Sendable {
    /// The registry's host, with its port when it has one; `docker.io` when the text named none.
    public let registry: String
    /// The path of the repository in the registry.
    public let repository: String
    /// The tag, when the text had one; `latest` when it had neither tag nor digest.
    public let tag: String?
    /// The digest, when the text had one.
    public let digest: Digest?

    public init(registry: String, repository: String, tag: String?, digest: Digest? = nil) {
        self.registry = registry
        self.repository = repository
        self.tag = tag
        self.digest = digest
    }

    /// Parses and normalises a reference as people write it.
    ///
    /// - Throws: ``OCIError/invalidReference(_:reason:)``, ``OCIError/invalidDigest(_:)``.
    public init(_ text: String) throws(OCIError) {
        var rest = Substring(text)
        guard !rest.isEmpty else { throw .invalidReference(text, reason: "it is empty") }

        var digest: Digest?
        if let at = rest.firstIndex(of: "@") {
            digest = try Digest(String(rest[rest.index(after: at)...]))
            rest = rest[..<at]
        }
        var tag: String?
        if let colon = rest.lastIndex(of: ":"), !rest[colon...].contains("/") {
            let candidate = rest[rest.index(after: colon)...]
            guard Self.isTag(candidate) else {
                throw .invalidReference(
                    text, reason: "\"\(candidate)\" is not a tag (letters, digits, _ . -, at most 128)")
            }
            tag = String(candidate)
            rest = rest[..<colon]
        }

        let parts = rest.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
        let hasRegistry =
            parts.count == 2
            && (parts[0].contains(".") || parts[0].contains(":") || parts[0] == "localhost"
                || parts[0].contains(where: \.isUppercase))
        if hasRegistry {
            guard Self.isRegistry(parts[0]) else {
                throw .invalidReference(text, reason: "\"\(parts[0])\" is not a registry host")
            }
            let host = String(parts[0])
            registry = host == "index.docker.io" ? Self.dockerHub : host
            repository =
                registry == Self.dockerHub && !parts[1].contains("/") ? "library/\(parts[1])" : String(parts[1])
        } else {
            registry = Self.dockerHub
            repository = rest.contains("/") ? String(rest) : "library/\(rest)"
        }
        guard Self.isRepository(repository) else {
            let reason =
                repository.contains(where: \.isUppercase)
                ? "repository names are lower-case" : "\"\(repository)\" is not a repository name"
            throw .invalidReference(text, reason: reason)
        }
        self.tag = tag ?? (digest == nil ? "latest" : nil)
        self.digest = digest
    }

    /// The registry that short names belong to.
    public static let dockerHub = "docker.io"

    /// What a manifest request names: the digest when there is one, else the tag.
    public var manifestReference: String { digest?.description ?? tag ?? "latest" }

    /// `registry/repository`, without tag or digest.
    public var name: String { "\(registry)/\(repository)" }

    /// The same repository with another digest in place of tag and digest.
    public func with(digest: Digest) -> Reference {
        Reference(registry: registry, repository: repository, tag: nil, digest: digest)
    }

    /// As short as Docker prints it: `alpine:3.20` rather than `docker.io/library/alpine:3.20`.
    public var familiar: String {
        guard registry == Self.dockerHub else { return description }
        let prefix = "library/"
        let short = repository.hasPrefix(prefix) ? String(repository.dropFirst(prefix.count)) : repository
        return short + suffix
    }

    private var suffix: String {
        (tag.map { ":\($0)" } ?? "") + (digest.map { "@\($0)" } ?? "")
    }

    // MARK: Grammar

    private static func isTag(_ text: Substring) -> Bool {
        guard let first = text.utf8.first, text.utf8.count <= 128, isAlphanumeric(first) || first == UInt8(ascii: "_")
        else { return false }
        return text.utf8.allSatisfy { isAlphanumeric($0) || "_.-".utf8.contains($0) }
    }

    private static func isRegistry(_ text: Substring) -> Bool {
        var host = text
        if host.first == "[" {
            guard let end = host.firstIndex(of: "]") else { return false }
            let address = host[host.index(after: host.startIndex)..<end]
            guard address.utf8.allSatisfy({ isHexadecimal($0) || $0 == UInt8(ascii: ":") }) else { return false }
            host = host[host.index(after: end)...]
            guard host.isEmpty || host.first == ":" else { return false }
            return host.isEmpty || isPort(host.dropFirst())
        }
        if let colon = host.lastIndex(of: ":") {
            guard isPort(host[host.index(after: colon)...]) else { return false }
            host = host[..<colon]
        }
        return host.split(separator: ".", omittingEmptySubsequences: false).allSatisfy { label in
            guard let first = label.utf8.first, let last = label.utf8.last else { return false }
            return isAlphanumeric(first) && isAlphanumeric(last)
                && label.utf8.allSatisfy { isAlphanumeric($0) || $0 == UInt8(ascii: "-") }
        }
    }

    private static func isPort(_ text: Substring) -> Bool { UInt16(text) != nil }

    private static func isRepository(_ text: String) -> Bool {
        guard text.utf8.count <= 255 else { return false }
        return text.split(separator: "/", omittingEmptySubsequences: false).allSatisfy(isPathComponent)
    }

    /// Lower-case alphanumerics, joined by one `.`, one or two `_`, or any number of `-`.
    private static func isPathComponent(_ text: Substring) -> Bool {
        guard let first = text.utf8.first, let last = text.utf8.last, isLowerAlphanumeric(first),
            isLowerAlphanumeric(last)
        else { return false }
        var separator: [UInt8] = []
        for byte in text.utf8 {
            if isLowerAlphanumeric(byte) {
                separator = []
            } else {
                separator.append(byte)
                let ok =
                    separator == [UInt8(ascii: ".")] || separator == [UInt8(ascii: "_")]
                    || separator == Array("__".utf8) || separator.allSatisfy { $0 == UInt8(ascii: "-") }
                guard ok else { return false }
            }
        }
        return true
    }

    private static func isLowerAlphanumeric(_ byte: UInt8) -> Bool {
        (97...122).contains(byte) || (48...57).contains(byte)
    }

    private static func isAlphanumeric(_ byte: UInt8) -> Bool {
        isLowerAlphanumeric(byte) || (65...90).contains(byte)
    }

    private static func isHexadecimal(_ byte: UInt8) -> Bool {
        (48...57).contains(byte) || (97...102).contains(byte) || (65...70).contains(byte)
    }
}

extension Reference: CustomStringConvertible {
    /// The whole name, normalised.
    public var description: String { name + suffix }
}
