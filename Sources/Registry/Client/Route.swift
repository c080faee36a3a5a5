// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import HTTP
import Logging
import OCI
import Synchronization

/// One place where a repository can be had, or be put.
struct Route: Hashable, Sendable {
    /// The name there.
    var reference: Reference
    /// Whether the place need not prove who it is.
    var isInsecure = false
    /// Whether it is only a copy, so that another place is asked when it fails.
    var isMirror = false
}

extension RegistryClient {
    /// The place of a repository itself: where things are pushed, deleted, and where a tag's truth is.
    func ownRoute(_ reference: Reference, operation: String) throws -> Route {
        let settings = try configuration.registries.settings(for: reference.registry)
        guard let entry = settings.entry(for: reference) else { return Route(reference: reference) }
        try refuseIfBlocked(entry, reference, operation)
        return Route(reference: reference, isInsecure: entry.isInsecure)
    }

    /// The places to pull from: mirrors first.
    func pullRoutes(_ reference: Reference, operation: String, isBlob: Bool = false) throws -> [Route] {
        let settings = try configuration.registries.settings(for: reference.registry)
        guard let entry = settings.entry(for: reference) else { return [Route(reference: reference)] }
        try refuseIfBlocked(entry, reference, operation)
        do {
            let mirrors = try entry.mirrors.filter { mirror in
                isBlob || mirror.use == .all || (mirror.use == .digests) == (reference.digest != nil)
            }.map { mirror in
                Route(
                    reference: try entry.moved(reference, to: mirror.location), isInsecure: mirror.isInsecure,
                    isMirror: true)
            }.filter { !host($0.reference.registry).isLame }
            let own = Route(
                reference: try entry.moved(reference, to: entry.location), isInsecure: entry.isInsecure)
            return mirrors + [own]
        } catch let failure as RegistriesSettings.Failure {
            throw RegistryError(
                .settings, registry: reference.registry, operation: operation, subject: reference.description,
                detail: failure.description)
        }
    }

    private func refuseIfBlocked(
        _ entry: RegistriesSettings.Entry, _ reference: Reference, _ operation: String
    ) throws(RegistryError) {
        guard entry.isBlocked else { return }
        var error = RegistryError(
            .settings, registry: reference.registry, operation: operation, subject: reference.description,
            detail: "registries.conf blocks \(entry.prefix)")
        error.hint = "use another registry, or take \"blocked\" from \(entry.prefix) in registries.conf"
        throw error
    }

    /// Tries one place after the other. What every place says counts only for the last; a place that cannot be reached is
    /// not asked again.
    func trying<Result: Sendable>(
        _ routes: [Route], _ body: (Route) async throws -> Result
    ) async throws -> Result {
        var failures: [RegistryError] = []
        for route in routes {
            do {
                return try await body(route)
            } catch var error as RegistryError {
                guard route.isMirror else {
                    if !failures.isEmpty {
                        let words = failures.map { "\($0.registry): \($0.reason)" }.joined(separator: "; ")
                        error.detail = [error.detail, "its mirrors failed before (\(words))"].compactMap(\.self)
                            .joined(separator: "; ")
                    }
                    throw error
                }
                if [.unreachable, .timedOut, .insecureConnection].contains(error.kind) {
                    _ = host(route.reference.registry)
                    hosts.withLock { $0[route.reference.registry]?.isLame = true }
                }
                logger.debug("registry mirror failed", metadata: ["error": "\(error)"])
                failures.append(error)
            }
        }
        throw failures.last ?? RegistryError(.notFound, registry: "", operation: "find", subject: "")
    }
}
