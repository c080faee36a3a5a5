// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import FoundationEssentials
import Glibc
import Layers
import OCI
import Store
import SystemPackage

/// An archive of `docker save` by its manifest.json (Docker's image specification 1.2): a config and layers for each
/// image, which have no manifest there; one is made for them.
struct DockerArchive {
    private let archive: UnpackedArchive
    private let title: String
    private let entries: [DockerArchiveEntry]

    /// - Throws: ``ImagesError/badImage(title:reason:)``.
    init(_ archive: UnpackedArchive, title: String) throws {
        self.archive = archive
        self.title = title
        guard let path = archive.file(LayoutFiles.dockerManifestName), let bytes = try Files.read(path, limit: 16 << 20)
        else { throw ImagesError.badImage(title: title, reason: "it has neither a manifest.json nor an OCI layout") }
        do { entries = try JSONDecoder().decode([DockerArchiveEntry].self, from: Data(bytes)) } catch {
            throw ImagesError.badImage(title: title, reason: "its manifest.json is not as Docker writes it")
        }
    }

    /// A layout with one of the images, which is made when it is not there yet.
    ///
    /// - Parameter name: which of them; nil for the only one.
    func layout(of name: Reference?) async throws -> OCILayout {
        let entry = try entry(named: name)
        let key = Digest.sha256(of: entry.config).encoded
        let directory = LayoutDirectory(archive.directory.appending("layout-\(key)"), title: title)
        let layout = OCILayout(directory, .any)
        if try directory.indexIfAny() != nil { return layout }
        let hold = try await directory.hold()
        defer { withExtendedLifetime(hold) {} }
        let bytes = try Files.read(file(entry.config), limit: 16 << 20) ?? []
        guard let config = try? JSONDecoder().decode(ImageConfig.self, from: Data(bytes)),
            config.rootfs.diffIDs.count == entry.layers.count
        else { throw ImagesError.badImage(title: title, reason: "the config \(entry.config) does not fit its layers") }
        var layers: [Descriptor] = []
        for (name, diffID) in zip(entry.layers, config.rootfs.diffIDs) {
            layers.append(try blob(of: file(name), diffID, in: directory))
        }
        let configDigest = Digest.sha256(of: bytes)
        try directory.put(bytes, as: configDigest)
        let manifest = try LayoutFiles.encode(
            Manifest(
                config: Descriptor(mediaType: .ociConfig, digest: configDigest, size: Int64(bytes.count)),
                layers: layers))
        let root = Descriptor(
            mediaType: .ociManifest, digest: .sha256(of: manifest), size: Int64(manifest.count))
        try directory.put(manifest, as: root.digest)
        try await directory.update { $0.add(root, nil) }
        return layout
    }

    private func entry(named name: Reference?) throws -> DockerArchiveEntry {
        let names = entries.flatMap { $0.repoTags ?? [] }
        guard let name else {
            if let entry = entries.first, entries.count == 1 { return entry }
            throw ImagesError.badImage(
                title: title, reason: "it has several images (\(names.prefix(10).joined(separator: ", "))): name one")
        }
        let found = entries.first { entry in (entry.repoTags ?? []).contains { (try? Reference($0)) == name } }
        guard let found else {
            throw ImagesError.badImage(
                title: title,
                reason: "it has no image called \(name.familiar); it has \(names.prefix(10).joined(separator: ", "))")
        }
        return found
    }

    private func file(_ name: String) throws -> FilePath {
        guard let path = archive.file(name) else {
            throw ImagesError.badImage(title: title, reason: "the file \(name) is missing")
        }
        return path
    }

    /// The blob of a layer: compressed, since nobody wants to carry it otherwise, and checked against the config.
    private func blob(of path: FilePath, _ diffID: Digest, in layout: LayoutDirectory) throws -> Descriptor {
        let source = try FileDescriptor.open(path, .readOnly, options: .closeOnExec)
        defer { try? source.close() }
        let temporary = try TemporaryFile(beside: layout.path.appending("layer"))
        do {
            let blob = try Recompressor.recompress(
                source, expecting: LayerExpectation(diffID: diffID), to: temporary.file, as: .standard)
            try layout.put(temporary, as: blob.digest)
            return blob
        } catch let error as LayersError {
            throw ImagesError.badImage(title: title, reason: "\(error)")
        }
    }
}
