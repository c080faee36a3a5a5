// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

/// An http or https URL, split as far as redirects and uploads need it.
struct WebAddress: Hashable, Sendable {
    var scheme: HostPolicy.Scheme
    /// Host and port, never with a user name.
    var authority: String
    /// Path and query; begins with a slash.
    var target: String

    init(scheme: HostPolicy.Scheme, authority: String, target: String) {
        self.scheme = scheme
        self.authority = authority
        self.target = target
    }

    /// Parses an absolute URL; nil when it is none, or holds a user name or characters that URLs do not have.
    init?(_ text: String) {
        guard text.utf8.allSatisfy({ (33...126).contains($0) }) else { return nil }
        let lowered = text.prefix(8).lowercased()
        let scheme: HostPolicy.Scheme
        if lowered.hasPrefix("https://") {
            scheme = .https
        } else if lowered.hasPrefix("http://") {
            scheme = .http
        } else {
            return nil
        }
        let rest = text.dropFirst(scheme.rawValue.count + 3).prefix { $0 != "#" }
        let authority = rest.prefix { $0 != "/" && $0 != "?" }
        guard !authority.isEmpty, !authority.contains("@") else { return nil }
        let target = rest.dropFirst(authority.count)
        self.init(
            scheme: scheme, authority: String(authority),
            target: target.hasPrefix("/") ? String(target) : "/" + target)
    }

    /// The address that a Location header means which came in an answer from this one.
    func resolve(_ location: String) -> WebAddress? {
        if location.hasPrefix("//") { return WebAddress("\(scheme.rawValue):\(location)") }
        if let absolute = WebAddress(location) { return absolute }
        guard !location.isEmpty, !location.prefix(8).contains("://") else { return nil }
        if location.hasPrefix("/") { return WebAddress("\(scheme.rawValue)://\(authority)\(location)") }
        let path = target.prefix { $0 != "?" }
        let directory = path[...(path.lastIndex(of: "/") ?? path.startIndex)]
        return WebAddress("\(scheme.rawValue)://\(authority)\(directory)\(location)")
    }

    /// This address with one more parameter.
    func appending(query name: String, _ value: String) -> WebAddress {
        var address = self
        let pair = "\(TokenRequest.escape(name))=\(TokenRequest.escape(value))"
        address.target += (target.contains("?") ? "&" : "?") + pair
        return address
    }

    var url: String { "\(scheme.rawValue)://\(authority)\(target)" }

    /// The path alone, for logs: queries may hold signatures.
    var path: String { String(target.prefix { $0 != "?" }) }
}
