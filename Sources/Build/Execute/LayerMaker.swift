// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import Glibc
import Layers
import OCI
import Store
import SystemPackage

/// Writes new layers into the store.
struct LayerMaker: Sendable {
    let store: Store
    let epoch: SourceEpoch?
    /// Whether the programs that go into layers are looked at.
    var inspects = true

    /// Writes a layer: `fill` appends the entries.
    ///
    /// - Throws: what `fill` throws, ``LayersError``, ``StoreError``.
    func make(_ fill: (LayerWriter) throws -> Void) throws -> Layer {
        let (path, file) = try store.scratch.newFile("layer")
        do {
            defer { try? file.close() }
            let inspector = inspects ? LayerInspector() : nil
            let writer = LayerWriter(to: file, epoch: epoch?.seconds, observer: inspector)
            try fill(writer)
            let written = try writer.finish()
            try Files.write(written.index.encoded, to: store.indexPath(written.diffID))
            try inspector?.save(for: written.diffID, in: store)
            // An equal layer may be here in another compression, which then stays what the diff ID stands for.
            if let known = try store.layer(written.diffID) {
                unlink(path.string)
                return Layer(diffID: known.diffID, blob: known.blob)
            }
            try store.adoptBlob(written.digest, from: path)
            let record = LayerRecord(diffID: written.diffID, blob: written.descriptor)
            try store.save(record)
            return Layer(diffID: record.diffID, blob: record.blob)
        } catch {
            unlink(path.string)
            throw store.namingDisk(in: error)
        }
    }
}

extension Store {
    /// An error of work in the store; of a full disk it says which one that is.
    func namingDisk(in error: any Error) -> any Error {
        if case LayersError.system(_, _, let errno) = error, errno == .noSpace || errno == .diskQuotaExceeded {
            return StoreError.file(operation: "write to", path: root, errno: errno)
        }
        return error
    }
}
