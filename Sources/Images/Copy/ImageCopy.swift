// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

public import OCI
import Registry
public import Store

/// Carries an image from one place to others: blobs, then documents, then the name, for each target by itself. What is
/// fetched is fetched once for all of them.
///
/// A target that fails keeps what its name stood for, and does not keep the others from getting the image.
public struct ImageCopy: Sendable {
    /// So many blobs are on their way to a target at a time.
    private static let breadth = 6

    private let source: any ImageReader
    private let targets: [any ImageWriter]
    private let choice: ImageSelection.Choice
    private let expected: Digest?
    private let store: Store
    private let report: @Sendable (CopyEvent) -> Void

    /// - Parameters:
    ///   - choice: what of the image is carried.
    ///   - expected: what the targets' names must stand for now; registries offer no way to make sure of it in one step
    ///     with the change, so it is asked right before.
    ///   - store: bytes that several targets want wait in its scratch folder; a blob that it has is not fetched.
    public init(
        from source: any ImageReader, to targets: [any ImageWriter], choice: ImageSelection.Choice = .init(),
        ifMatch expected: Digest? = nil, store: Store, report: @escaping @Sendable (CopyEvent) -> Void = { _ in }
    ) {
        self.source = source
        self.targets = targets
        self.choice = choice
        self.expected = expected
        self.store = store
        self.report = report
    }

    /// Copies.
    ///
    /// - Returns: what became of each target.
    /// - Throws: when the source cannot be read, or nothing can be done at all; `CancellationError`.
    public func run() async throws -> [Result<CopyReport, any Error>] {
        let image = try await ImageSelection(choice, from: source)
        report(.read(image))
        let spool = BlobSpool(reader: source, store: store, isShared: targets.count > 1)
        let releases = SharedCount(users: targets.count)
        let results = await withTaskGroup(of: (Int, Result<CopyReport, any Error>).self) { group in
            for (place, target) in targets.enumerated() {
                group.addTask {
                    do {
                        let done = try await copy(image, to: target, place, spool, releases)
                        report(.finished(target: place, done))
                        await target.close()
                        return (place, .success(done))
                    } catch {
                        await target.close()
                        report(.failed(target: place, error))
                        return (place, .failure(error))
                    }
                }
            }
            return await group.reduce(into: [Int: Result<CopyReport, any Error>]()) { $0[$1.0] = $1.1 }
        }
        try Task.checkCancellation()
        return targets.indices.compactMap { results[$0] }
    }

    private func copy(
        _ image: ImageSelection, to target: any ImageWriter, _ place: Int, _ spool: BlobSpool, _ releases: SharedCount
    ) async throws -> CopyReport {
        let image = target.holdsOnePlatform ? try image.single(for: target.title) : image
        let blobs = image.blobs
        let total = blobs.reduce(0) { $0 + max(0, $1.size) }
        report(.started(target: place, bytes: total))
        try await target.prepare()
        let before = try await target.current()
        try check(before, target)
        let ledger = CopyLedger(total: total) { report(.progressed(target: place, completed: $0, total: $1)) }
        guard before != image.root.descriptor.digest else {
            return done(image, places: [target.title], ledger, isUnchanged: true)
        }
        try await withThrowingTaskGroup(of: Void.self) { group in
            for (number, blob) in blobs.enumerated() {
                if number >= Self.breadth { try await group.next() }
                group.addTask {
                    let supply = BlobSupply(blob: blob, spool: spool)
                    let outcome = try await target.put(supply) { ledger.note($0, of: blob) }
                    ledger.settle(blob, outcome)
                    if await releases.leave(blob.digest) { await spool.release(blob.digest) }
                }
            }
            try await group.waitForAll()
        }
        for document in image.documents {
            try Task.checkCancellation()
            try await target.put(document)
        }
        if expected != nil { try check(try await target.current(), target) }
        try Task.checkCancellation()
        let places = try await target.publish(image)
        return done(image, places: places, ledger, isUnchanged: false)
    }

    private func check(_ current: Digest?, _ target: any ImageWriter) throws {
        guard let expected, current != expected else { return }
        throw ImagesError.moved(title: target.title, expected: expected, actual: current)
    }

    private func done(
        _ image: ImageSelection, places: [String], _ ledger: CopyLedger, isUnchanged: Bool
    ) -> CopyReport {
        let tallies = ledger.tallies
        return CopyReport(
            places: places, image: image, isUnchanged: isUnchanged, sent: tallies.sent, mounted: tallies.mounted,
            alreadyThere: tallies.alreadyThere)
    }
}

/// Knows when the last of several users is done with a blob.
private actor SharedCount {
    private let users: Int
    private var left: [Digest: Int] = [:]

    init(users: Int) { self.users = users }

    /// Whether it was the last.
    func leave(_ digest: Digest) -> Bool {
        left[digest, default: 0] += 1
        return left[digest] == users
    }
}
