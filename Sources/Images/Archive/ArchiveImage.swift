// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import OCI
import Registry
import Store
import SystemPackage

/// An image in a tar file, which is unpacked into the store's scratch folder when something of it is wanted.
struct ArchiveImage: ImageReader {
    let title: String
    let repository: Reference? = nil
    let tag: String?
    private let path: FilePath
    private let selector: OCILayout.Selector
    private let name: Reference?
    private let store: Store
    private let layouts = SingleFlight<FilePath, UnpackedArchive>()

    /// A tar file of an OCI layout.
    init(layout path: FilePath, _ selector: OCILayout.Selector, store: Store) {
        title = path.string
        if case .tag(let tag) = selector { self.tag = tag } else { tag = nil }
        self.path = path
        self.selector = selector
        self.name = nil
        self.store = store
    }

    /// An archive of `docker save`.
    ///
    /// - Parameter name: which of its images; nil for the only one.
    init(docker path: FilePath, _ name: Reference?, store: Store) {
        title = path.string
        tag = name?.tag
        self.path = path
        selector = .any
        self.name = name
        self.store = store
    }

    func root() async throws -> FetchedManifest { try await layout().root() }

    func document(_ descriptor: Descriptor) async throws -> FetchedManifest {
        try await layout().document(descriptor)
    }

    func find(_ digest: Digest) async throws -> FetchedManifest? { try await layout().find(digest) }

    func bytes(_ blob: Descriptor) async throws -> [UInt8] { try await layout().bytes(blob) }

    func file(_ blob: Descriptor) async throws -> FilePath? { try await layout().file(blob) }

    func read(_ blob: Descriptor, into sink: (UnsafeRawBufferPointer) throws -> Void) async throws {
        try await layout().read(blob, into: sink)
    }

    private func layout() async throws -> OCILayout {
        let archive = try await layouts.value(for: path) { try UnpackedArchive(path, store: store) }
        if archive.hasLayout {
            let layout = LayoutDirectory(archive.directory, title: title)
            guard let name else { return OCILayout(layout, selector) }
            // Newer Dockers write a layout, too, in which an image has its manifest.
            if let digest = try layout.index().list.entries.first(where: { $0.isCalled(name) })?.digest {
                return OCILayout(layout, .digest(digest))
            }
        }
        return try await DockerArchive(archive, title: title).layout(of: name)
    }
}

extension WrittenEntry {
    /// Whether a layout's entry has a whole name, as containerd and Docker give it.
    fileprivate func isCalled(_ name: Reference) -> Bool {
        containerdName.flatMap { try? Reference($0) } == name
    }
}
