// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

public import OCI
public import Registry
import Synchronization
public import SystemPackage

/// A list made of entries that lie in different places, as one image that can be read.
///
/// Handed to ``ImageCopy`` it is published anywhere in one go: each entry's manifests and blobs are brought to where the
/// list goes, mounted where one registry has them, not sent where they are; then the list; its name last.
///
///     let parts = try await sources.flatMap { try await $0.parts() }
///     let list = try ListDraft(creating: parts).list(named: name)
///     let results = try await ImageCopy(from: list, to: targets, ifMatch: .nothing, store: store).run()
public struct ComposedList: ImageReader {
    public let title: String
    /// The name that it is to have, for targets that do not say one.
    public let repository: Reference?
    public var tag: String? { repository?.tag }

    private let list: FetchedManifest
    private let owners: Owners

    /// - Parameters:
    ///   - list: the index, byte for byte.
    ///   - parts: every entry of it.
    ///   - name: what the list is to be called.
    ///   - title: what people call it, if not by its name.
    public init(
        _ list: FetchedManifest, of parts: [ListPart], named name: Reference? = nil, title: String? = nil
    ) {
        self.list = list
        repository = name
        self.title = title ?? name?.familiar ?? list.descriptor.digest.description
        owners = Owners(parts)
    }

    /// Encodes an index the way builds do.
    public init(_ index: Index, of parts: [ListPart], named name: Reference? = nil) throws {
        let bytes = try LayoutFiles.encode(index)
        let descriptor = Descriptor(
            mediaType: index.mediaType ?? .ociIndex, digest: .sha256(of: bytes), size: Int64(bytes.count))
        self.init(FetchedManifest(descriptor: descriptor, bytes: bytes), of: parts, named: name)
    }

    /// The media type, digest and size of the list.
    public var descriptor: Descriptor { list.descriptor }

    public func root() async throws -> FetchedManifest { list }

    public func document(_ descriptor: Descriptor) async throws -> FetchedManifest {
        let part = try owners.part(descriptor.digest)
        for (place, reader) in part.readers.enumerated() {
            do {
                let document = try await reader.document(descriptor)
                guard document.descriptor.size == descriptor.size else {
                    throw ImagesError.badImage(
                        title: part.title,
                        reason: "it has \(document.descriptor.size) bytes, and the list says \(descriptor.size)")
                }
                try owners.learn(document, part, foundAt: place)
                return document
            } catch let error where Self.isGone(error) {
                guard place == part.readers.count - 1 else { continue }
                let names = part.readers.map { ($0.repository?.name ?? $0.title) + "@\(descriptor.digest)" }
                throw ImagesError.entryGone(title: part.title, names: names)
            }
        }
        throw ImagesError.incomplete(title: title, blob: descriptor.digest)
    }

    public func find(_ digest: Digest) async throws -> FetchedManifest? {
        if digest == list.descriptor.digest { return list }
        guard let part = try? owners.part(digest) else { return nil }
        for (place, reader) in part.readers.enumerated() {
            guard let document = try await reader.find(digest) else { continue }
            // One that cannot be understood leads nowhere; who asked for it judges it.
            try? owners.learn(document, part, foundAt: place)
            return document
        }
        return nil
    }

    /// Whether an error says that a place does not have something.
    private static func isGone(_ error: any Error) -> Bool {
        switch error {
        case let error as RegistryError: error.kind == .notFound
        case ImagesError.incomplete, OCILayoutError.missingBlob: true
        default: false
        }
    }

    public func bytes(_ blob: Descriptor) async throws -> [UInt8] {
        try await asking(blob) { try await $0.bytes(blob) }
    }

    public func file(_ blob: Descriptor) async throws -> FilePath? {
        try await asking(blob) { try await $0.file(blob) }
    }

    /// Asks one place after the other, until one has the blob.
    private func asking<Result: Sendable>(
        _ blob: Descriptor, _ body: (any ImageReader) async throws -> Result
    ) async throws -> Result {
        let readers = try readers(of: blob)
        for (place, reader) in readers.enumerated() {
            do { return try await body(reader) } catch  where Self.isGone(error) && place < readers.count - 1 {}
        }
        throw ImagesError.incomplete(title: title, blob: blob.digest)
    }

    public func read(_ blob: Descriptor, into sink: (UnsafeRawBufferPointer) throws -> Void) async throws {
        let readers = try readers(of: blob)
        var hasBegun = false
        for (place, reader) in readers.enumerated() {
            do {
                return try await reader.read(blob) { bytes in
                    hasBegun = true
                    try sink(bytes)
                }
            } catch  where Self.isGone(error) && !hasBegun && place < readers.count - 1 {}
        }
        throw ImagesError.incomplete(title: title, blob: blob.digest)
    }

    public func origins(of content: Descriptor) -> [Reference] {
        guard let part = try? owners.part(content.digest) else { return [] }
        return part.readers.flatMap { $0.origins(of: content) }
    }

    /// Whether a registry has some content, so that it need not be anywhere else.
    func isElsewhere(_ content: Descriptor) -> Bool { !registries(of: content).isEmpty }

    /// The repositories of registries that have some content.
    func registries(of content: Descriptor) -> [Reference] {
        guard let part = try? owners.part(content.digest) else { return [] }
        return part.readers.compactMap { $0 as? RegistryImage }.compactMap(\.repository)
            + part.readers.compactMap { $0 as? ComposedList }.flatMap { $0.registries(of: content) }
    }

    /// The places that should have a blob, of which there is at least one.
    private func readers(of blob: Descriptor) throws -> [any ImageReader] {
        let readers = try owners.part(blob.digest).readers
        let likely = readers.filter { !$0.lacks(blob) }
        return likely.isEmpty ? readers : likely
    }

    /// Who has what: known of the entries, learned of the rest as documents are read.
    private final class Owners: Sendable {
        private let parts: Mutex<[Digest: ListPart]>

        init(_ parts: [ListPart]) {
            self.parts = Mutex(
                Dictionary(parts.map { ($0.entry.descriptor.digest, $0) }) { first, second in
                    ListPart(first.entry, from: first.readers + second.readers, title: first.title)
                })
        }

        func part(_ digest: Digest) throws -> ListPart {
            guard let part = parts.withLock({ $0[digest] }) else {
                throw ImagesError.badImage(title: "the list", reason: "nobody has \(digest)")
            }
            return part
        }

        /// Learns where what a document leads to is: where it is itself, which is looked at first.
        func learn(_ document: FetchedManifest, _ found: ListPart, foundAt place: Int) throws {
            let others = found.readers.enumerated().filter { $0.offset != place }.map(\.element)
            let part = ListPart(found.entry, from: [found.readers[place]] + others, title: found.title)
            let content: [Descriptor] =
                switch try document.content() {
                case .manifest(let manifest): [manifest.config] + manifest.layers
                case .index(let index): index.manifests
                }
            parts.withLock { parts in
                for descriptor in content {
                    guard let known = parts[descriptor.digest] else {
                        parts[descriptor.digest] = part
                        continue
                    }
                    // One place more that a registry can take it over from.
                    let readers =
                        known.readers
                        + part.readers.filter { new in
                            !known.readers.contains { $0.repository?.name == new.repository?.name }
                        }
                    parts[descriptor.digest] = ListPart(known.entry, from: readers, title: known.title)
                }
            }
        }
    }
}
