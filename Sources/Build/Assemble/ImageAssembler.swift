// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import FoundationEssentials
import OCI
import Store

/// Makes configs, manifests and the index of finished layers; all their bytes go into the store.
struct ImageAssembler: Sendable {
    let store: Store
    let epoch: SourceEpoch?
    let labels: [String: String]
    let root: Root
    /// Whether each image's config tells which step made which layer (an inline cache).
    let carriesCache: Bool

    /// What the name of the result stands for.
    enum Root {
        /// The manifest where there is one image, else an index.
        case smallest
        /// An index, also of one image.
        case index

        /// What BUILDKIT_MULTI_PLATFORM among the build arguments asks for.
        static func chosen(_ arguments: [String: String]) throws -> Root {
            let name = "BUILDKIT_MULTI_PLATFORM"
            switch arguments[name]?.lowercased() {
            case nil, "", "0", "f", "false": return .smallest
            case "1", "t", "true": return .index
            case let value?:
                throw BuildError.output(
                    "--build-arg \(name)=\(value) is neither true nor false",
                    remedy: "leave it out for a plain manifest")
            }
        }
    }

    /// Whether several platforms were asked for: then the root is an index, however many of them there are.
    let isOfSeveral: Bool
    let converter: LayerConverter
    /// Opens the files of a stack of layers.
    let files: @Sendable ([Layer]) async throws -> ImageFiles
    let warn: @Sendable (BuildWarning) -> Void

    /// Makes the images and what their name points to, as a destination wants them.
    ///
    /// - Parameter results: what each vertex gave.
    /// - Throws: ``StoreError``, and what bringing layers into another form throws.
    func result(
        of graph: BuildGraph, results: [Int: StepResult], form: ImageForm, tags: [Reference]
    ) async throws -> BuildResult {
        var images: [AssembledImage] = []
        for image in graph.images {
            var layers: [Layer] = []
            for layer in results[image.vertex]?.layers ?? [] {
                layers.append(try await converter.layer(layer, in: form))
            }
            let records =
                carriesCache
                ? CacheCollection(image.platform, graph: graph, results: results, extent: .images).records : nil
            images.append(try assemble(image, layers: layers, results: results, form: form, records: records))
        }
        return try result(of: images, form: form, tags: tags)
    }

    /// Makes one platform's image.
    ///
    /// - Parameter records: the memory of the build that the image carries (an inline cache).
    private func assemble(
        _ image: PlannedImage, layers: [Layer], results: [Int: StepResult], form: ImageForm, records: [CacheRecord]?
    ) throws -> AssembledImage {
        let base = image.base
        var config = ImageConfig(
            platform: image.platform, config: labelled(image.config), diffIDs: layers.map(\.diffID))
        config.osVersion = base?.config.osVersion
        config.osFeatures = base?.config.osFeatures
        config.author = image.author ?? base?.config.author
        let history = history(of: image, base: base, results: results)
        config.history = history
        config.created = history.last?.created ?? base?.config.created ?? clamped(nil)

        let configBytes = try Self.encode(CacheConfig(image: config, records: records))
        let configDescriptor = Descriptor(
            mediaType: form.type(.ociConfig), digest: try store.writeBlob(configBytes), size: Int64(configBytes.count))
        let manifest = Manifest(
            mediaType: form.type(.ociManifest), config: configDescriptor,
            layers: layers.map { Self.descriptor(of: $0, form) },
            annotations: form.annotations.values(.manifest, image.platform))
        let manifestBytes = try Self.encode(manifest)
        let descriptor = Descriptor(
            mediaType: form.type(.ociManifest), digest: try store.writeBlob(manifestBytes),
            size: Int64(manifestBytes.count),
            annotations: form.annotations.values(.manifestDescriptor, image.platform), platform: image.platform)
        return AssembledImage(
            platform: image.platform, descriptor: descriptor, manifest: manifestBytes, config: configDescriptor,
            layers: layers)
    }

    /// Puts images under one root: an index, or the only image's manifest.
    private func result(
        of images: [AssembledImage], form: ImageForm, tags: [Reference]
    ) throws -> BuildResult {
        var root: Descriptor
        var bytes: [UInt8]
        if self.root == .smallest, !isOfSeveral, let image = images.first {
            (root, bytes) = (image.descriptor, image.manifest)
            root.platform = nil
        } else {
            let index = Index(
                mediaType: form.type(.ociIndex), manifests: images.map(\.descriptor),
                annotations: form.annotations.values(.index))
            bytes = try Self.encode(index)
            root = Descriptor(
                mediaType: form.type(.ociIndex), digest: try store.writeBlob(bytes), size: Int64(bytes.count),
                annotations: form.annotations.values(.indexDescriptor))
        }
        return BuildResult(
            images: images, root: root, rootBytes: bytes, tags: tags, ensureBlob: converter.library.ensureBlob,
            isOfSeveral: isOfSeveral, files: files, epoch: epoch, warn: warn)
    }

    private func labelled(_ config: ContainerConfig) -> ContainerConfig {
        guard !labels.isEmpty else { return config }
        var config = config
        config.labels = (config.labels ?? [:]).merging(labels) { _, new in new }
        return config
    }

    /// An entry that made no layer has the time of the layer before it, so that the bytes do not depend on when the
    /// image was assembled.
    private func history(
        of image: PlannedImage, base: BaseImage?, results: [Int: StepResult]
    ) -> [ImageConfig.History] {
        let firstLayerTime = image.history.lazy.compactMap { entry in
            if case .layer(let vertex, _) = entry { results[vertex]?.created } else { nil }
        }.first
        var time = clamped(firstLayerTime ?? base?.config.created)
        return image.history.map { entry in
            switch entry {
            case .inherited(let history):
                return history
            case .layer(let vertex, let createdBy):
                time = clamped(results[vertex]?.created)
                return ImageConfig.History(created: time, createdBy: createdBy, comment: Self.comment)
            case .metadata(let createdBy):
                return ImageConfig.History(
                    created: time, createdBy: createdBy, comment: Self.comment, emptyLayer: true)
            }
        }
    }

    private func clamped(_ time: String?) -> String {
        if let epoch { return Timestamp.text(seconds: epoch.seconds) }
        return time ?? Timestamp.text(seconds: 0)
    }

    /// What tools look for to tell entries that come from a Dockerfile.
    private static let comment = "buildkit.dockerfile.v0"

    /// A new manifest is of one family: media types of the other become their twins, which are the same bytes.
    static func descriptor(of layer: Layer, _ form: ImageForm = ImageForm()) -> Descriptor {
        Descriptor(
            mediaType: form.type(layer.blob.mediaType.oci), digest: layer.blob.digest, size: layer.blob.size,
            urls: layer.blob.urls)
    }

    static func encode(_ value: some Encodable) throws -> [UInt8] {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return try Array(encoder.encode(value))
    }
}

extension ImageForm {
    /// A media type of OCI's in this form's family.
    fileprivate func type(_ oci: MediaType) -> MediaType { mediaTypes == .docker ? oci.docker : oci }
}

/// What a vertex gave.
struct StepResult: Sendable {
    /// The whole stack of layers after the step, lowest first.
    var layers: [Layer]
    /// The directory that is in the place of layers, for a named context.
    var files: ContextDirectory?
    /// The layer that the step made, unless an earlier build did.
    var added: Layer?
    /// When the top layer was made, RFC 3339; nil for bases.
    var created: String?
    /// What the step fetched.
    var fetched: FetchedFiles?
    /// The keys under which the top layer is remembered; empty for bases.
    var keys: [Digest] = []

    /// What others copy from it and mount of it.
    var source: StepSource {
        if let fetched { return .fetched(fetched) }
        return files.map { .files($0) } ?? .layers(layers)
    }
}

/// What a step copies from or mounts besides the build context.
enum StepSource: Sendable {
    /// The file system of a stage or an image.
    case layers([Layer])
    /// The files of a named context.
    case files(ContextDirectory)
    /// What was fetched for an ADD.
    case fetched(FetchedFiles)

    /// The layers, when it is a file system.
    var layers: [Layer]? { if case .layers(let layers) = self { layers } else { nil } }
}
