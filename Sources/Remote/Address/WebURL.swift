// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

/// The address of something on the web, split as far as downloads need it.
public struct WebURL: Hashable, Sendable {
    /// How it is spoken to.
    public enum Scheme: String, Sendable {
        case http
        case https
    }

    public internal(set) var scheme: Scheme
    /// Name or address of the host, an IPv6 address with its brackets; lower case.
    public internal(set) var host: String
    /// The port, when one is written.
    public internal(set) var port: Int?
    /// What stands before the `@`: `user` or `user:password`, decoded.
    var userInfo: String?
    /// Path as it is sent; begins with a slash.
    var path: String
    /// What follows the `?`, as it is sent.
    var query: String?

    /// Parses an http or https address; the fragment is dropped. Nil when it is none.
    public init?(_ text: String) {
        guard let scheme = RemoteSource.scheme(of: text).flatMap(Scheme.init) else { return nil }
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
        let place = host + (port.map { ":\($0)" } ?? "")
        return "\(scheme.rawValue)://\(place)\(path)" + (query.map { "?\($0)" } ?? "")
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
    var effectivePort: Int { port ?? (scheme == .https ? 443 : 80) }

    /// Whether secrets for one may be shown to the other.
    func isSameOrigin(as other: WebURL) -> Bool {
        scheme == other.scheme && host == other.host && effectivePort == other.effectivePort
    }

    /// The address that a Location header means which came in an answer from this one.
    func resolve(_ location: String) -> WebURL? {
        if location.hasPrefix("//") { return WebURL("\(scheme.rawValue):\(location)") }
        if RemoteSource.scheme(of: String(location.prefix { $0 != "/" } + "//")) != nil { return WebURL(location) }
        let origin = "\(scheme.rawValue)://\(host)" + (port.map { ":\($0)" } ?? "")
        if location.hasPrefix("/") { return WebURL(origin + location) }
        if location.hasPrefix("?") { return WebURL(origin + path + location) }
        guard !location.isEmpty else { return nil }
        let directory = path[...(path.lastIndex(of: "/") ?? path.startIndex)]
        return WebURL(origin + directory + location)
    }
}
