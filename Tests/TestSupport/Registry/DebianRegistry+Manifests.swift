// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import Glibc
public import OCI
import Registry
import SystemPackage

extension DebianRegistry {
    /// Puts a document into the registry as it is, under a tag, or without one under its digest.
    ///
    /// - Returns: its descriptor.
    /// - Throws: what the registry says.
    @discardableResult
    public func put(
        _ text: String, as type: MediaType, in repository: String, tag: String? = nil
    ) async throws -> Descriptor {
        let bytes = Array(text.utf8)
        let name = tag.map { ":\($0)" } ?? "@\(Digest.sha256(of: bytes))"
        let client = RegistryClient(
            credentials: StoredCredentials(environment: [:]), configuration: .standard(environment: [:]))
        do {
            let descriptor = try await client.putManifest(
                bytes, mediaType: type, to: Reference("\(host)/\(repository)\(name)"))
            try await client.shutdown()
            return descriptor
        } catch {
            try? await client.shutdown()
            throw error
        }
    }

    /// Takes a manifest out of a repository behind the registry's back, as clean-up jobs do.
    public func lose(_ digest: Digest, in repository: String) {
        let link = storage.appending("data/docker/registry/v2/repositories").appending(repository)
            .appending("_manifests/revisions/\(digest.algorithm.rawValue)/\(digest.encoded)/link")
        unlink(link.string)
    }
}
