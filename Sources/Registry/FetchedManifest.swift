// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import FoundationEssentials
public import OCI

/// A manifest or index as a registry sent it: the exact bytes, and what names them.
public struct FetchedManifest: Hashable, Sendable {
    /// Media type, digest and size of ``bytes``.
    public var descriptor: Descriptor
    /// The document, byte for byte.
    public var bytes: [UInt8]

    public init(descriptor: Descriptor, bytes: [UInt8]) {
        self.descriptor = descriptor
        self.bytes = bytes
    }

    /// What the document is.
    public enum Content: Hashable, Sendable {
        /// The images of several platforms.
        case index(Index)
        /// One image.
        case manifest(Manifest)
    }

    /// Decodes the document as what its media type says.
    ///
    /// A document that could be read both ways is refused, since readers could be made to see different images in it
    /// (CVE-2021-41190).
    ///
    /// - Throws: ``ManifestError``.
    public func content() throws(ManifestError) -> Content {
        let type = descriptor.mediaType
        let data = Data(bytes)
        do {
            let outline = try JSONDecoder().decode(Outline.self, from: data)
            if let inner = outline.mediaType, inner != type {
                throw ManifestError(descriptor, "it is sent as \(type) but calls itself \(inner)")
            }
            if type.isIndex {
                guard outline.layers == nil, outline.config == nil else {
                    throw ManifestError(descriptor, "it is an index with the layers of an image")
                }
                let index = try JSONDecoder().decode(Index.self, from: data)
                try check(index.manifests)
                return .index(index)
            }
            if type.isManifest {
                guard outline.manifests == nil else {
                    throw ManifestError(descriptor, "it is an image with the manifests of an index")
                }
                let manifest = try JSONDecoder().decode(Manifest.self, from: data)
                try check([manifest.config] + manifest.layers)
                return .manifest(manifest)
            }
        } catch let error as ManifestError {
            throw error
        } catch {
            throw ManifestError(descriptor, Self.words(error))
        }
        throw ManifestError(descriptor, "\(type) is not an image or an index")
    }

    /// No blob is that large; the sizes of all that documents name can be added up.
    private static let largestBlob: Int64 = 1 << 40

    private func check(_ parts: [Descriptor]) throws(ManifestError) {
        guard let part = parts.first(where: { !(0...Self.largestBlob).contains($0.size) }) else { return }
        throw ManifestError(descriptor, "nothing has \(part.size) bytes, as it says of \(part.digest)")
    }

    private struct Outline: Decodable {
        struct Anything: Decodable { init(from decoder: any Decoder) throws {} }
        var mediaType: MediaType?
        var manifests: Anything?
        var layers: Anything?
        var config: Anything?
    }

    private static func words(_ error: any Error) -> String {
        guard let error = error as? DecodingError else { return "\(error)" }
        func path(_ context: DecodingError.Context) -> String {
            context.codingPath.map { $0.intValue.map(String.init) ?? $0.stringValue }.joined(separator: ".")
        }
        switch error {
        case .keyNotFound(let key, let context):
            return "\((path(context).isEmpty ? "it" : path(context))) has no \(key.stringValue)"
        case .typeMismatch(_, let context), .valueNotFound(_, let context):
            return "\(path(context)) has a value of the wrong kind"
        default: return "it is not valid JSON of its kind"
        }
    }
}

/// A manifest that cannot be read.
public struct ManifestError: Error, Hashable, Sendable, CustomStringConvertible {
    /// Which document.
    public var descriptor: Descriptor
    /// What is wrong with it.
    public var reason: String

    init(_ descriptor: Descriptor, _ reason: String) {
        self.descriptor = descriptor
        self.reason = reason
    }

    public var description: String { "the manifest \(descriptor.digest) cannot be used: \(reason)" }

    /// What a person can do about it.
    public var remedy: String? { "push the image again with a current tool" }
}
