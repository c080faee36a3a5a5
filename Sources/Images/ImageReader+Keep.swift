// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

public import OCI
public import Store

extension ImageReader {
    /// Brings a blob into the store, unless it is there.
    ///
    /// - Parameter progress: is told how many bytes have come.
    /// - Throws: what the place throws when it does not have the blob as it should be; ``StoreError``.
    public func keep(
        _ blob: Descriptor, in store: Store, progress: @Sendable (_ completed: Int64) -> Void = { _ in }
    ) async throws {
        if store.hasBlob(blob.digest, size: blob.size) { return }
        let ingest = try store.ingest()
        try await read(blob) { bytes in
            try ingest.write(bytes)
            progress(ingest.count)
        }
        try ingest.commit(expected: blob.digest)
    }
}
