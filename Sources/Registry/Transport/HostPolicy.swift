// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

/// Where a registry is to be found on the network, and what security may be asked of it.
struct HostPolicy: Sendable {
    private var insecureRegistries: Set<String>
    private var insecureRanges: [AddressRange]

    /// - Parameter insecureRegistries: hosts with or without port, and ranges of addresses such as `10.0.0.0/8`.
    init(insecureRegistries: Set<String>) {
        self.insecureRegistries = insecureRegistries
        insecureRanges = insecureRegistries.compactMap { AddressRange($0) }
    }

    /// The authority of a registry's API; Docker Hub's is not at the name that references have.
    static func authority(of registry: String) -> String {
        registry == "docker.io" ? hubAuthority : registry
    }

    /// The names that a host may go by in settings.
    static func names(of authority: String) -> [String] {
        authority == hubAuthority ? ["docker.io", authority] : [authority]
    }

    private static let hubAuthority = "registry-1.docker.io"

    /// The schemes to try with a registry, in order.
    ///
    /// As in Docker, loopback registries may speak plain HTTP and may show any certificate. For them plain HTTP comes
    /// first because it costs no handshake, for other insecure registries last because it protects nothing.
    func schemes(for authority: String, isInsecure: Bool = false) -> [Scheme] {
        if Self.isLoopback(authority) { return [.http, .https] }
        return isInsecure || self.isInsecure(authority) ? [.https, .http] : [.https]
    }

    /// Whether certificates need not be vouched for, and plain HTTP is no downgrade.
    func isInsecure(_ authority: String) -> Bool {
        if Self.isLoopback(authority) || insecureRegistries.contains(authority) { return true }
        let host = Self.host(of: authority)
        return insecureRanges.contains { $0.contains(host) }
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
