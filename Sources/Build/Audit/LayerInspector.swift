// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

package import Audit
package import Layers
import OCI
import Store
import SystemPackage

/// Gathers what is to be known of a layer's programs while the layer is written or read.
package final class LayerInspector: FileObserver {
    private var probe = FileProbe()
    package private(set) var facts = LayerFacts()

    package init() {}

    package func begin(_ file: TreeEntry) { probe.begin() }

    package func take(_ bytes: UnsafeRawBufferPointer) { probe.take(bytes) }

    package func end(_ file: TreeEntry) {
        guard let content = file.digest, let found = probe.facts() else { return }
        facts.note(found, for: content)
    }

    /// Stores what was found; the layer must have proved to be what its diff ID says.
    ///
    /// - Throws: ``StoreError``.
    func save(for diffID: Digest, in store: Store) throws {
        try Files.write(facts.encoded, to: store.factsPath(diffID))
    }
}

extension Store {
    /// Reads a layer through for all that is remembered of it: its index, and what its programs are.
    ///
    /// - Parameter looks: whether programs are looked at.
    /// - Throws: ``LayersError``, ``StoreError``, `CancellationError`.
    @discardableResult
    func inspect(
        _ file: FileDescriptor, _ expectation: LayerExpectation, _ diffID: Digest, looks: Bool = true
    ) throws -> LayerIndex {
        let inspector = looks ? LayerInspector() : nil
        let index = try Unpacker.index(file, expecting: expectation, observer: inspector).index
        try Files.write(index.encoded, to: indexPath(diffID))
        try inspector?.save(for: diffID, in: self)
        return index
    }

    /// The index of a layer; nil when there is none. A torn one is made again.
    func index(_ diffID: Digest) throws -> LayerIndex? {
        try Files.read(indexPath(diffID), limit: 1 << 30).flatMap { try? LayerIndex(encoded: $0) }
    }

    /// What is known of a layer's programs; nil when nobody has looked, or it cannot be read.
    func facts(_ diffID: Digest) throws -> LayerFacts? {
        try Files.read(factsPath(diffID), limit: 256 << 20).flatMap { LayerFacts(encoded: $0) }
    }
}
