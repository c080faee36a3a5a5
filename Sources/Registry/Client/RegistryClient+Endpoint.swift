// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import AsyncHTTPClient
import HTTP
import NIOCore
import NIOHTTP1
import Synchronization

extension RegistryClient {
    /// Where a registry's API is.
    ///
    /// A registry that may speak plain HTTP as well as HTTPS is asked once which of them it does.
    func endpoint(of registry: String, isInsecure: Bool) async throws -> WebURL {
        let authority = HostPolicy.authority(of: registry)
        let schemes = policy.schemes(for: authority, isInsecure: isInsecure)
        let address = WebURL(scheme: schemes[0], authority: authority, target: "/v2/")
        guard schemes.count > 1 else { return address }
        let host = host(registry)
        if let scheme = host.schemes[isInsecure] {
            return WebURL(scheme: scheme, authority: authority, target: "/v2/")
        }
        return try await host.probing.pass {
            if let scheme = self.host(registry).schemes[isInsecure] {
                return WebURL(scheme: scheme, authority: authority, target: "/v2/")
            }
            let scheme = try await probe(
                registry: registry, authority: authority, schemes: schemes, isInsecure: isInsecure)
            hosts.withLock { $0[registry]?.schemes[isInsecure] = scheme }
            return WebURL(scheme: scheme, authority: authority, target: "/v2/")
        }
    }

    private func probe(
        registry: String, authority: String, schemes: [WebURL.Scheme], isInsecure: Bool
    ) async throws -> WebURL.Scheme {
        var firstFailure: NetworkFailure?
        for scheme in schemes {
            do {
                let address = WebURL(scheme: scheme, authority: authority, target: "/v2/")
                let response = try await transport.send(.GET, to: address, isInsecure: isInsecure)
                let body = try await response.beginning()
                if scheme == .http, response.status == .badRequest, Self.wantsHTTPS(body) { continue }
                if response.status == .unauthorized {
                    _ = authorizer.learn(
                        Challenge.parse(response.headers["WWW-Authenticate"]), registry: registry, shown: nil)
                }
                return scheme
            } catch let failure as NetworkFailure {
                firstFailure = firstFailure ?? failure
                // Who refuses a connection refuses it whatever would be said over it, unless each has a port of its own.
                if failure.kind == .unreachable, authority.hasSuffix("]") || authority.contains(":") { throw failure }
                if failure.kind == .certificates || failure.kind == .settings { throw failure }
            }
        }
        throw firstFailure ?? NetworkFailure(.malformedAnswer, detail: "it speaks neither HTTP nor HTTPS")
    }

    /// Whether a server complains of plain HTTP on a port where it speaks HTTPS, in the words of Go or nginx.
    private static func wantsHTTPS(_ body: [UInt8]) -> Bool {
        let text = String(decoding: body, as: UTF8.self)
        return text.contains("to an HTTPS server") || text.contains("to HTTPS port")
    }
}
