// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

/// The address of something on the web, split as far as downloads need it.
public struct WebURL: Hashable, Sendable {
    /// How it is spoken to.
    public enum Scheme: String, Sendable {
        case http
        case https
    }

    public package(set) var scheme: Scheme
    /// Name or address of the host, an IPv6 address with its brackets; lower case.
    public internal(set) var host: String
    /// The port, when one is written.
    public internal(set) var port: Int?
    /// What stands before the `@`: `user` or `user:password`, decoded.
    package private(set) var userInfo: String?
    /// Path as it is sent; begins with a slash.
    package private(set) var path: String
    /// What follows the `?`, as it is sent.
    package private(set) var query: String?

    /// An address at a host that is known already.
    ///
    /// - Parameters:
    ///   - authority: host and perhaps port; one that is malformed leads nowhere.
    ///   - target: path and query, as they are sent.
    package init(scheme: Scheme, authority: String, target: String) {
        self.scheme = scheme
        (host, port) = Self.split(authority[...]) ?? (authority, nil)
        let path = target.prefix { $0 != "?" }
        self.path = String(path)
        query = path.count == target.count ? nil : String(target.dropFirst(path.count + 1))
    }

    /// Parses an http or https address; the fragment is dropped. Nil when it is none.
    public init?(_ text: String) {
        guard let scheme = Self.scheme(of: text).flatMap(Scheme.init) else { return nil }
        let rest = text.dropFirst(scheme.rawValue.count + 3).prefix { $0 != "#" }
        let authority = rest.prefix { $0 != "/" && $0 != "?" }
        let target = rest.dropFirst(authority.count)
        let at = authority.lastIndex(of: "@")
        let place = at.map { authority[authority.index(after: $0)...] } ?? authority
        guard let (host, port) = Self.split(place) else { return nil }
        self.scheme = scheme
        self.host = host
        self.port = port
        if let at {
            guard let decoded = PercentEncoding.decode(authority[..<at]) else { return nil }
            userInfo = decoded
        }
        let path = target.prefix { $0 != "?" }
        guard PercentEncoding.decode(path) != nil else { return nil }
        self.path = path.isEmpty ? "/" : PercentEncoding.encodeForeign(path)
        let query = target.dropFirst(path.count + 1)
        self.query = query.isEmpty ? nil : PercentEncoding.encodeForeign(query)
    }

    private static func split(_ authority: Substring) -> (host: String, port: Int?)? {
        let host: Substring
        if authority.first == "[" {
            guard let end = authority.firstIndex(of: "]") else { return nil }
            host = authority[...end]
            guard host.utf8.dropFirst().dropLast().allSatisfy({ $0.isAlphanumeric || ":.%".utf8.contains($0) }) else {
                return nil
            }
        } else {
            host = authority.prefix { $0 != ":" }
            guard host.utf8.allSatisfy({ $0.isAlphanumeric || "-._~".utf8.contains($0) || $0 >= 128 }) else {
                return nil
            }
        }
        guard !host.isEmpty else { return nil }
        let rest = authority.dropFirst(host.count)
        if rest.isEmpty || rest == ":" { return (host.lowercased(), nil) }
        guard rest.first == ":", let port = UInt16(rest.dropFirst()), port > 0 else { return nil }
        return (host.lowercased(), Int(port))
    }

    /// The address as requests have it: without user and password.
    public var text: String {
        "\(scheme.rawValue)://\(authority)\(target)"
    }

    /// Host and port, as they are written.
    package var authority: String { host + (port.map { ":\($0)" } ?? "") }

    /// Path and query, as they are sent.
    package var target: String { path + (query.map { "?\($0)" } ?? "") }

    /// This address with more parameters.
    package func appending(query parameters: String) -> WebURL {
        var address = self
        address.query = query.map { "\($0)&\(parameters)" } ?? parameters
        return address
    }

    /// The address for messages: a password is left out.
    public var redacted: String {
        guard let user = userInfo?.prefix(while: { $0 != ":" }) else { return text }
        return text.replacing("://", with: "://\(user):xxxxx@", maxReplacements: 1)
    }

    /// The name that a file from here gets: the last part of the path, or `__unnamed__` when there is none.
    public var fileName: String {
        // Decoded before it is split, as Go's path.Base of a URL's path: an encoded slash is no part of a name.
        let decoded = PercentEncoding.decode(path[...]) ?? path
        let name = decoded.split(separator: "/").last.map(String.init) ?? ""
        return ["", ".", ".."].contains(name) || name.utf8.contains(0) || name.utf8.count > 255 ? "__unnamed__" : name
    }

    /// The port that is spoken to.
    package var effectivePort: Int { port ?? (scheme == .https ? 443 : 80) }

    /// Whether secrets for one may be shown to the other.
    package func isSameOrigin(as other: WebURL) -> Bool {
        scheme == other.scheme && host == other.host && effectivePort == other.effectivePort
    }

    /// The address that a Location header means which came in an answer from this one.
    package func resolve(_ location: String) -> WebURL? {
        if location.hasPrefix("//") { return WebURL("\(scheme.rawValue):\(location)") }
        if Self.scheme(of: String(location.prefix { $0 != "/" } + "//")) != nil { return WebURL(location) }
        let origin = "\(scheme.rawValue)://\(authority)"
        if location.hasPrefix("/") { return WebURL(origin + location) }
        if location.hasPrefix("?") { return WebURL(origin + path + location) }
        guard !location.isEmpty else { return nil }
        let directory = path[...(path.lastIndex(of: "/") ?? path.startIndex)]
        return WebURL(origin + directory + location)
    }

    /// The lower-case scheme of `scheme://…`; nil for anything else.
    package static func scheme(of text: String) -> String? {
        guard let end = text.firstRange(of: "://") else { return nil }
        let scheme = text[..<end.lowerBound]
        guard !scheme.isEmpty, scheme.utf8.allSatisfy(\.isAlphanumeric) else { return nil }
        return scheme.lowercased()
    }
}

extension UInt8 {
    /// Whether this is an ASCII letter or digit.
    package var isAlphanumeric: Bool {
        (48...57).contains(self) || (65...90).contains(self) || (97...122).contains(self)
    }
}
