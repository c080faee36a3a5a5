// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import AsyncHTTPClient
import FoundationEssentials
import HTTP
import NIOHTTP1
public import OCI

extension RegistryClient {
    /// The largest page of a list, and the most pages, that are read.
    private static let maximumPageSize = 16 << 20
    private static let maximumPages = 10_000

    /// All tags of a repository, in the registry's order (distribution-spec, "Listing tags").
    ///
    /// - Throws: ``RegistryError``; of kind ``RegistryError/Kind/notFound`` when there is no such repository.
    public func tags(of repository: Reference) async throws -> [String] {
        struct Page: Decodable { var tags: [String]? }
        var call = Call(
            .GET, "tags/list?n=1000", of: try ownRoute(repository, operation: "list tags of"),
            operation: "list tags of", subject: repository.name, access: .pull, accepted: [200])
        call.headers.add(name: "Accept", value: "application/json")
        var tags: [String] = []
        var seen: Set<String> = []
        _ = try await pages(call) { response, bytes in
            guard let page = try? JSONDecoder().decode(Page.self, from: Data(bytes)) else {
                throw RegistryError(call, .malformedAnswer, detail: "no list of tags")
            }
            for tag in page.tags ?? [] where seen.insert(tag).inserted { tags.append(tag) }
        }
        return tags
    }

    /// Removes a manifest or a tag from a repository (distribution-spec, "Deleting manifests" and "Deleting tags").
    ///
    /// A digest goes with all its tags; a tag alone can be removed in some registries only.
    ///
    /// - Throws: ``RegistryError``; of kind ``RegistryError/Kind/refused`` when the registry does not delete.
    public func deleteManifest(_ reference: Reference) async throws {
        let call = Call(
            .DELETE, "manifests/\(reference.manifestReference)", of: try ownRoute(reference, operation: "delete"),
            operation: "delete", subject: reference.description, access: .delete, accepted: [200, 202, 204])
        try await retrying {
            do {
                _ = try await send(call).beginning()
            } catch var error as RegistryError where error.status == 405 || error.says("UNSUPPORTED") {
                error.hint =
                    reference.digest == nil
                    ? "many registries delete by digest only, which takes all tags of that digest away"
                    : "deletion is switched off in this registry (for docker-registry: storage.delete.enabled)"
                throw error
            }
        }
    }

    /// What refers to a manifest: signatures, SBOMs, attestations (distribution-spec, "Listing referrers").
    ///
    /// A registry without that list is asked for the tag in which clients keep it instead.
    ///
    /// - Parameters:
    ///   - reference: The manifest, by digest.
    ///   - artifactType: Only referrers of this type; nil means all.
    /// - Throws: ``RegistryError``.
    public func referrers(of reference: Reference, artifactType: String? = nil) async throws -> [Descriptor] {
        let digest: Digest
        if let given = reference.digest {
            digest = given
        } else {
            digest = try await resolve(reference, by: .registry).digest
        }
        var call = Call(
            .GET, "referrers/\(digest)", of: try ownRoute(reference, operation: "list referrers of"),
            operation: "list referrers of", subject: "\(reference.name)@\(digest)", access: .pull,
            accepted: [200, 404])
        if let artifactType { call.path += "?artifactType=\(PercentEncoding.encode(artifactType))" }
        call.headers.add(name: "Accept", value: MediaType.ociIndex.rawValue)
        var found: [Descriptor] = []
        let isKnown = try await pages(call) { _, bytes in
            guard let index = try? JSONDecoder().decode(Index.self, from: Data(bytes)) else {
                throw RegistryError(call, .malformedAnswer, detail: "no index of referrers")
            }
            found += index.manifests
        }
        if !isKnown { found = try await taggedReferrers(of: digest, reference) }
        // A registry need not filter.
        return artifactType.map { type in found.filter { $0.artifactType == type } } ?? found
    }

    private func taggedReferrers(of digest: Digest, _ reference: Reference) async throws -> [Descriptor] {
        let tag = Reference(
            registry: reference.registry, repository: reference.repository,
            tag: "\(digest.algorithm.rawValue)-\(digest.encoded.prefix(64))")
        do {
            guard case .index(let index) = try await manifest(tag, by: .registry).content() else { return [] }
            return index.manifests
        } catch let error as RegistryError where error.kind == .notFound {
            return []
        }
    }

    /// Reads page after page by the Link headers (RFC 8288); false when there is no first one.
    private func pages(
        _ first: Call, _ take: (HTTPClientResponse, [UInt8]) throws -> Void
    ) async throws -> Bool {
        var call = first
        for number in 0..<Self.maximumPages {
            let (response, bytes) = try await retrying { [call] in
                let response = try await send(call)
                return (response, try await document(of: response, call, limit: Self.maximumPageSize))
            }
            if response.status == .notFound, number == 0 { return false }
            try take(response, bytes)
            guard let link = response.headers["Link"].lazy.compactMap(Self.nextPage).first else { return true }
            let endpoint = try await endpoint(of: call.registry, isInsecure: call.isInsecure)
            let here =
                call.address
                ?? WebURL(scheme: endpoint.scheme, authority: endpoint.authority, target: "/v2/" + call.path)
            guard var next = here.resolve(link), next.authority == endpoint.authority, next.target != here.target else {
                throw RegistryError(call, .malformedAnswer, detail: "its list goes on nowhere")
            }
            next.scheme = endpoint.scheme
            call.address = next
        }
        throw RegistryError(call, .malformedAnswer, detail: "its list does not end")
    }

    /// The address in `<address>; rel="next"`.
    static func nextPage(_ link: String) -> String? {
        for part in link.split(separator: ",") {
            guard let start = part.firstIndex(of: "<"), let end = part[start...].firstIndex(of: ">") else { continue }
            let parameters = part[end...].lowercased().filter { $0 != " " && $0 != "\"" }
            if parameters.contains("rel=next") { return String(part[part.index(after: start)..<end]) }
        }
        return nil
    }
}
