// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import ArgumentParser
import Build
import OCI
import Registry
import SystemPackage

/// Where a build's results are taken from, and kept, besides the store.
struct CacheOptions: ParsableArguments {
    @Option(
        name: .customLong("cache-from"),
        help: ArgumentHelp(
            "Take results of steps from here: type=registry,ref=NAME or type=local,src=DIRECTORY; may be repeated.",
            discussion: """
                A name alone is one in a registry, of a cache or of an image with an inline cache. Layers are fetched \
                only when something needs their bytes; a cache that cannot be read is a warning.
                """,
            valueName: "cache"))
    var sources: [String] = []

    @Option(
        name: .customLong("cache-to"),
        help: ArgumentHelp(
            "Keep results of steps here: type=registry,ref=NAME, type=local,dest=DIRECTORY or type=inline; may be repeated.",
            discussion: """
                mode=max keeps the layers of all stages, mode=min (the default) those of the images; ignore-error=true \
                makes a failure a warning. What a cache has for other platforms stays in it.
                """,
            valueName: "cache"))
    var targets: [String] = []

    /// What the flags, and the build argument BUILDKIT_INLINE_CACHE, ask for.
    ///
    /// - Throws: ``CommandError``, ``OCIError``.
    func caches(
        for request: BuildRequest, client: RegistryClient, in environment: Environment, warn: (BuildWarning) -> Void
    ) throws -> BuildCaches {
        var caches = BuildCaches()
        caches.isInline = request.buildArguments["BUILDKIT_INLINE_CACHE"] == "1"
        for text in sources {
            // Without a key, all words are names of caches in registries.
            let entries = text.contains("=") ? [text] : text.split(separator: ",").map { "type=registry,ref=\($0)" }
            for entry in entries { caches.sources.append(try Self.source(entry, client, environment)) }
        }
        for text in targets {
            let entries = text.contains("=") ? [text] : text.split(separator: ",").map { "type=registry,ref=\($0)" }
            for entry in entries {
                if let export = try Self.export(entry, client, environment, warn) {
                    caches.exports.append(export)
                } else {
                    caches.isInline = true
                }
            }
        }
        return caches
    }

    private static func source(
        _ text: String, _ client: RegistryClient, _ environment: Environment
    ) throws -> any CacheSource {
        let flag = "--cache-from"
        var attributes = try AttributeList(text, flag: flag, example: "type=registry,ref=NAME")
        let type = attributes.take("type") ?? "registry"
        let source: any CacheSource
        switch type {
        case "registry":
            source = RegistryCache(
                client: client, reference: try reference(of: &attributes, example: "\(flag) type=registry,ref=NAME"))
        case "local":
            let directory = try required(attributes.take("src"), "src", attributes, "\(flag) type=local,src=DIRECTORY")
            source = DirectoryCache(
                directory: environment.absolute(directory), tag: attributes.take("tag") ?? "latest",
                digest: try attributes.take("digest").map { try Digest($0) })
        case "inline":
            throw CommandError(
                "\(flag) \(text): an inline cache is in an image", remedy: "name it as \(flag) type=registry,ref=IMAGE")
        default: throw unknown(type, flag)
        }
        try finish(attributes, type)
        return source
    }

    /// An export, or nil for one that goes into the images.
    private static func export(
        _ text: String, _ client: RegistryClient, _ environment: Environment, _ warn: (BuildWarning) -> Void
    ) throws -> CacheExport? {
        let flag = "--cache-to"
        var attributes = try AttributeList(text, flag: flag, example: "type=registry,ref=NAME")
        let type = attributes.take("type") ?? "registry"
        let extent = try extent(of: &attributes)
        let ignoresErrors = try attributes.takeBoolean("ignore-error") ?? false
        try passOver(&attributes, warn)
        let target: (any CacheTarget)?
        switch type {
        case "registry":
            let reference = try reference(of: &attributes, example: "\(flag) type=registry,ref=NAME")
            guard reference.digest == nil else {
                throw CommandError("\(attributes.source): a cache has a tag, no digest")
            }
            target = RegistryCache(client: client, reference: reference)
        case "local":
            let path = try required(attributes.take("dest"), "dest", attributes, "\(flag) type=local,dest=DIRECTORY")
            target = DirectoryCache(
                directory: environment.absolute(path), tag: attributes.take("tag") ?? "latest")
        case "inline":
            guard extent != .everything else {
                throw CommandError(
                    "\(attributes.source): an image can hold no layers but its own",
                    remedy: "leave out mode=max, or use type=registry")
            }
            target = nil
        default: throw unknown(type, flag)
        }
        try finish(attributes, type)
        return target.map { CacheExport(to: $0, extent: extent ?? .images, ignoresErrors: ignoresErrors) }
    }

    private static func extent(of attributes: inout AttributeList) throws -> CacheExport.Extent? {
        guard let text = attributes.take("mode") else { return nil }
        guard let extent = CacheExport.Extent(rawValue: text) else {
            throw CommandError("\(attributes.source): there is no mode \"\(text)\"", remedy: "use mode=min or mode=max")
        }
        return extent
    }

    /// Layers go into a cache as they are, so that nothing is compressed twice and the image can be made of them again;
    /// manifests are always OCI images.
    private static func passOver(_ attributes: inout AttributeList, _ warn: (BuildWarning) -> Void) throws {
        var ignored: [String] = []
        if let compression = attributes.take("compression"), compression != "gzip" { ignored.append("compression") }
        for key in ["compression-level", "force-compression"] where attributes.take(key) != nil { ignored.append(key) }
        for key in ["image-manifest", "oci-mediatypes"] where try attributes.takeBoolean(key) == false {
            ignored.append("\(key)=false")
        }
        guard !ignored.isEmpty else { return }
        let list = ignored.joined(separator: ", ")
        warn(
            BuildWarning(
                "\(attributes.source): \(list) has no effect: a cache is made of OCI images with the layers as they are"
            ))
    }

    private static func reference(of attributes: inout AttributeList, example: String) throws -> Reference {
        try Reference(required(attributes.take("ref"), "ref", attributes, example))
    }

    private static func required(
        _ value: String?, _ key: String, _ attributes: AttributeList, _ example: String
    ) throws -> String {
        guard let value, !value.isEmpty else {
            throw CommandError("\(attributes.source): \(key) is missing", remedy: "write it as \(example)")
        }
        return value
    }

    private static func unknown(_ type: String, _ flag: String) -> CommandError {
        switch type {
        case "gha", "s3", "azblob":
            CommandError(
                "\(flag) type=\(type) is not supported",
                remedy: "use type=registry, or type=local with a directory that the CI service itself keeps")
        default: CommandError("\(flag): there is no type \"\(type)\"", remedy: "use registry, local or inline")
        }
    }

    private static func finish(_ attributes: AttributeList, _ type: String) throws {
        guard let key = attributes.rest.first else { return }
        throw CommandError("\(attributes.source): \"\(key)\" is not understood for type \(type)")
    }
}
