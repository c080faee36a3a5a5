// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import FoundationEssentials
import HTTP
public import OCI
public import Registry

/// A manifest list as it is written, with what is known about what it names.
///
/// However bad the list is, it is read: that is what `manifest lint` is for.
public struct ReadList: Sendable {
    /// The document, byte for byte.
    public let root: FetchedManifest
    public let list: WrittenIndex
    /// The manifests that the list names, as far as they were looked at.
    public let children: [Digest: ChildFacts]
    public let kind: Kind

    /// What was read.
    public enum Kind: String, Sendable, Encodable {
        case list
        /// One image, which is taken for a list of one that is for whom the config says.
        case image
        /// Something else that lies in a registry.
        case artifact
    }

    /// How much is read.
    public enum Depth: Sendable {
        /// The list alone.
        case list
        /// The manifests and configs that it names, too.
        case children
    }

    /// So many manifests are asked for at a time.
    private static let breadth = 6
    /// The largest config that is read.
    private static let configLimit: Int64 = 8 << 20

    /// Reads what a place has.
    ///
    /// - Throws: ``ImagesError``, and what the place has to say when it cannot be asked. That a manifest is gone, or is
    ///   none, is no error here.
    public init(from reader: any ImageReader, _ depth: Depth) async throws {
        root = try await reader.root()
        guard root.descriptor.mediaType.isIndex else {
            (kind, list) = try await Self.image(root, reader)
            children = [:]
            return
        }
        do { list = try JSONDecoder().decode(WrittenIndex.self, from: Data(root.bytes)) } catch {
            throw ImagesError.badImage(title: reader.title, reason: "it is said to be a list and is no JSON object")
        }
        kind = .list
        guard depth == .children else {
            children = [:]
            return
        }
        var wanted: [Digest: WrittenEntry] = [:]
        for entry in list.entries {
            // What one entry takes for an attestation may be an image for another.
            if let digest = entry.digest, wanted[digest]?.role != .image { wanted[digest] = entry }
        }
        children = try await withThrowingTaskGroup(of: (Digest, ChildFacts).self) { group in
            var children: [Digest: ChildFacts] = [:]
            for (number, (digest, entry)) in wanted.enumerated() {
                if number >= Self.breadth, let (digest, facts) = try await group.next() { children[digest] = facts }
                group.addTask { (digest, try await Self.facts(digest, entry.role, reader)) }
            }
            for try await (digest, facts) in group { children[digest] = facts }
            return children
        }
    }

    /// What is known about a manifest.
    private static func facts(
        _ digest: Digest, _ role: EntryRole, _ reader: any ImageReader
    ) async throws -> ChildFacts {
        let document: FetchedManifest?
        do { document = try await reader.find(digest) } catch {
            return ChildFacts(exists: true, flaw: try flaw(error))
        }
        guard let document else { return ChildFacts(exists: false) }
        var facts = ChildFacts(
            exists: true, mediaType: document.descriptor.mediaType, size: document.descriptor.size)
        guard role != .list else { return facts }
        do {
            guard case .manifest(let manifest) = try document.content(), role == .image,
                manifest.config.mediaType.oci == .ociConfig
            else { return facts }
            facts.config = try await config(manifest, reader)
        } catch {
            facts.flaw = try flaw(error)
        }
        return facts
    }

    /// The platform in an image's config.
    private static func config(_ manifest: Manifest, _ reader: any ImageReader) async throws -> WrittenPlatform {
        guard manifest.config.size <= configLimit else {
            throw ChildFlaw(description: "the config is said to have \(manifest.config.size) bytes")
        }
        let bytes: [UInt8]
        do { bytes = try await reader.bytes(manifest.config) } catch let error as RegistryError
            where error.kind == .notFound
        {
            throw ChildFlaw(description: "the image's config \(manifest.config.digest.short) is gone")
        }
        guard let platform = try? JSONDecoder().decode(WrittenPlatform.self, from: Data(bytes)) else {
            throw ChildFlaw(description: "the image's config \(manifest.config.digest.short) is no JSON object")
        }
        return platform.plain
    }

    /// What is wrong with a manifest, in words.
    ///
    /// - Throws: the error, where it says nothing about the manifest.
    private static func flaw(_ error: any Error) throws -> String {
        switch error {
        case let error as ChildFlaw: return error.description
        case let error as ManifestError: return "the manifest cannot be used: \(error.reason)"
        case OCILayoutError.damagedBlob, OCILayoutError.missingBlob, OCILayoutError.noLayout, ImagesError.incomplete,
            ImagesError.badImage:
            return "\(error)"
        case let error as RegistryError:
            switch error.kind {
            case .digestMismatch, .sizeMismatch, .tooLarge, .malformedAnswer, .notFound: return "\(error)"
            default: throw error
            }
        default: throw error
        }
    }

    private struct ChildFlaw: Error, CustomStringConvertible {
        let description: String
    }

    /// One image as a list of one.
    private static func image(_ root: FetchedManifest, _ reader: any ImageReader) async throws -> (Kind, WrittenIndex) {
        var descriptor = root.descriptor
        descriptor.annotations = nil
        var entry = WrittenEntry(descriptor)
        guard case .manifest(let manifest) = try root.content(), !manifest.isArtifact else {
            return (.artifact, WrittenIndex(entries: [entry]))
        }
        do { entry.platform = try await config(manifest, reader) } catch let error as ChildFlaw {
            throw ImagesError.badImage(title: reader.title, reason: error.description)
        }
        return (.image, WrittenIndex(entries: [entry]))
    }
}
