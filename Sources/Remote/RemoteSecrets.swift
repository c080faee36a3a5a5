// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import HTTP

/// Finds the secrets that servers want to see, by the names that BuildKit gave them.
public struct RemoteSecrets: Sendable {
    private let find: @Sendable (String) throws -> String?

    /// - Parameter find: the text of the secret with an id; nil when there is none.
    public init(_ find: @escaping @Sendable (String) throws -> String?) { self.find = find }

    /// No secrets at all.
    public static let none = RemoteSecrets { _ in nil }

    /// The Authorization header for downloads from a host: `HTTP_AUTH_HEADER_<host>` as it is, or
    /// `HTTP_AUTH_TOKEN_<host>` as a bearer token.
    func authorization(forHTTP host: String) throws -> String? {
        let host = host.trimmingBrackets
        if let token = try text("HTTP_AUTH_TOKEN_\(host)") { return "Bearer \(token)" }
        return try text("HTTP_AUTH_HEADER_\(host)")
    }

    /// The Authorization header for git over http, and whether it is for the whole host and not for one repository:
    /// `GIT_AUTH_HEADER[.<host>]` as it is, or `GIT_AUTH_TOKEN[.<host>]` as a password.
    func authorization(forGit hosts: [String]) throws -> (header: String, isForHost: Bool)? {
        for (suffix, isForHost) in hosts.map({ (".\($0)", true) }) + [("", false)] {
            if let header = try text("GIT_AUTH_HEADER\(suffix)") { return (header, isForHost) }
            if let token = try text("GIT_AUTH_TOKEN\(suffix)") {
                return ("Basic " + Base64.encode("x-access-token:\(token)"), isForHost)
            }
        }
        return nil
    }

    /// A secret without the line break that files end in; one with others inside would forge headers.
    private func text(_ id: String) throws -> String? {
        guard let text = try find(id) else { return nil }
        var end = text[...]
        while let last = end.unicodeScalars.last, last == "\n" || last == "\r" { end.unicodeScalars.removeLast() }
        guard !end.utf8.contains(where: { $0 < 32 || $0 == 127 }) else {
            throw RemoteError(.malformedSource, subject: "secret \(id)", detail: "it has more than one line")
        }
        return end.isEmpty ? nil : String(end)
    }
}

extension String {
    /// An IPv6 address without its brackets; anything else as it is.
    fileprivate var trimmingBrackets: String {
        hasPrefix("[") && hasSuffix("]") ? String(dropFirst().dropLast()) : self
    }
}
