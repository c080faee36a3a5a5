// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import HTTP

/// Where a registry is to be found on the network, and what security may be asked of it.
struct HostPolicy: Sendable {
    private let insecureRegistries: Set<String>
    private let insecureRanges: [AddressRange]

    private let certificates: CertificateDirectories

    init(_ configuration: RegistryConfiguration) {
        insecureRegistries = Set(configuration.insecureRegistries.map { $0.lowercased() })
        insecureRanges = configuration.insecureRegistries.compactMap { AddressRange($0) }
        certificates = CertificateDirectories(roots: configuration.certificateDirectories)
    }

    /// What the `certs.d` directories have for a host, and whether its certificate must be vouched for.
    func trust(_ authority: String) throws(NetworkFailure) -> HostTrust {
        var trust = try certificates.read(Self.names(of: authority))
        trust.isVerified = !isInsecure(authority)
        return trust
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
    func schemes(for authority: String, isInsecure: Bool = false) -> [WebURL.Scheme] {
        if Authority.isLoopback(authority) { return [.http, .https] }
        return isInsecure || self.isInsecure(authority) ? [.https, .http] : [.https]
    }

    /// Whether certificates need not be vouched for, and plain HTTP is no downgrade.
    func isInsecure(_ authority: String) -> Bool {
        if Authority.isLoopback(authority) || insecureRegistries.contains(authority.lowercased()) { return true }
        let host = Authority.host(of: authority)
        return insecureRanges.contains { $0.contains(host) }
    }
}
