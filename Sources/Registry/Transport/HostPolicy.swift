// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

/// Where a registry is to be found on the network, and what security may be asked of it.
struct HostPolicy: Sendable {
    var insecureRegistries: Set<String>

    /// The authority of a registry's API; Docker Hub's is not at the name that references have.
    static func authority(of registry: String) -> String {
        registry == "docker.io" ? "registry-1.docker.io" : registry
    }

    /// The schemes to try with a registry, in order.
    ///
    /// As in Docker, loopback registries may speak plain HTTP and may show any certificate. For them plain HTTP comes
    /// first because it costs no handshake, for other insecure registries last because it protects nothing.
    func schemes(for authority: String) -> [Scheme] {
        if Self.isLoopback(authority) { return [.http, .https] }
        return isInsecure(authority) ? [.https, .http] : [.https]
    }

    /// Whether certificates need not be vouched for, and plain HTTP is no downgrade.
    func isInsecure(_ authority: String) -> Bool {
        Self.isLoopback(authority) || insecureRegistries.contains(authority)
    }

    /// Whether an authority (host with or without port) is this machine: localhost, 127.0.0.0/8, [::1].
    static func isLoopback(_ authority: String) -> Bool {
        let host = host(of: authority).lowercased()
        if host == "localhost" || host.hasSuffix(".localhost") || host == "[::1]" { return true }
        let parts = host.split(separator: ".", omittingEmptySubsequences: false)
        return parts.count == 4 && parts[0] == "127" && parts.allSatisfy { UInt8($0) != nil }
    }

    /// The host of an authority, an IPv6 address with its brackets.
    static func host(of authority: String) -> String {
        if let end = authority.lastIndex(of: "]") { return String(authority[...end]) }
        return String(authority.prefix { $0 != ":" })
    }

    enum Scheme: String, Sendable {
        case http
        case https
    }
}
