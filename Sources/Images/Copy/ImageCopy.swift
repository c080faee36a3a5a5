// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import OCI
import Registry
public import Store

/// Carries an image from one place to others: blobs, then documents, then the names. What is fetched is fetched once for
/// all of them, and names of one place get it once.
public struct ImageCopy: Sendable {
    /// When names move.
    public enum Order: Sendable {
        /// Each as soon as its place has the image. A target that fails keeps what its name stood for, and does not keep
        /// the others from getting the image.
        case eachByItself
        /// When every place has the image; none when one fails.
        case together
    }

    /// So many blobs are on their way to a target at a time.
    private static let breadth = 6

    private let source: any ImageReader
    private let targets: [any ImageWriter]
    private let choice: ImageSelection.Choice
    private let expected: TagExpectation
    private let order: Order
    private let naming: PlatformNaming
    private let store: Store
    private let report: @Sendable (CopyEvent) -> Void

    /// - Parameters:
    ///   - choice: what of the image is carried.
    ///   - expected: what the targets' names must stand for now; registries offer no way to make sure of it in one step
    ///     with the change, so it is asked right before.
    ///   - order: when names move.
    ///   - naming: which platforms may be named where everybody finds them.
    ///   - store: bytes that several targets want wait in its scratch folder; a blob that it has is not fetched.
    public init(
        from source: any ImageReader, to targets: [any ImageWriter], choice: ImageSelection.Choice = .init(),
        ifMatch expected: TagExpectation = .anything, order: Order = .eachByItself,
        naming: PlatformNaming = .any, store: Store,
        report: @escaping @Sendable (CopyEvent) -> Void = { _ in }
    ) {
        self.source = source
        self.targets = targets
        self.choice = choice
        self.expected = expected
        self.order = order
        self.naming = naming
        self.store = store
        self.report = report
    }

    /// Looks whether everything is there and the names stand for what is expected; changes nothing.
    ///
    /// - Returns: what would be carried.
    /// - Throws: what ``run()`` would find out before it sends something.
    public func rehearse() async throws -> ImageSelection {
        let image = try await selection()
        for target in targets {
            let image = target.holdsOnePlatform ? try image.single(for: target.title) : image
            try await target.prepare()
            try check(try await target.current(), target, image)
        }
        return image
    }

    /// What is carried, once it may be.
    private func selection() async throws -> ImageSelection {
        let image = try await ImageSelection(choice, from: source)
        if targets.contains(where: \.isPublic) {
            try naming.check(image.runnable.compactMap(\.platform), title: source.title)
        }
        return image
    }

    /// Copies.
    ///
    /// - Returns: what became of each target.
    /// - Throws: when the source cannot be read, or nothing can be done at all; with ``Order/together`` what keeps a
    ///   target from its image; `CancellationError`.
    public func run() async throws -> [Result<CopyReport, any Error>] {
        let image = try await selection()
        report(.read(image))
        let groups = groups()
        let spool = BlobSpool(reader: source, store: store, isShared: groups.count > 1)
        let releases = SharedCount(users: groups.count)
        let arrivals = await withTaskGroup(of: [Arrival].self) { tasks in
            for group in groups {
                tasks.addTask {
                    let arrivals = await bring(image, to: group, spool, releases)
                    return order == .eachByItself ? await publish(arrivals) : arrivals
                }
            }
            return await tasks.reduce(into: []) { $0 += $1 }.sorted { $0.place < $1.place }
        }
        let settled = order == .eachByItself ? arrivals : await publishTogether(arrivals)
        for target in targets { await target.close() }
        try Task.checkCancellation()
        return try settled.map { arrival in
            if order == .together, case .failure(let error)? = arrival.result { throw error }
            return arrival.result ?? .failure(CancellationError())
        }
    }

    /// Targets that lie in one place, by their numbers.
    private func groups() -> [[Int]] {
        var groups: [[Int]] = []
        var places: [String: Int] = [:]
        for (number, target) in targets.enumerated() {
            if let depot = target.depot, let place = places[depot] {
                groups[place].append(number)
            } else {
                if let depot = target.depot { places[depot] = groups.count }
                groups.append([number])
            }
        }
        return groups
    }

    // MARK: Bringing

    /// One target, for which everything is there but the name.
    private struct Arrival: Sendable {
        let place: Int
        let image: ImageSelection
        let ledger: CopyLedger
        var isUnchanged = false
        /// How it ended, if it did.
        var result: Result<CopyReport, any Error>?
    }

    /// Brings an image to a place where it gets several names.
    private func bring(
        _ image: ImageSelection, to group: [Int], _ spool: BlobSpool, _ releases: SharedCount
    ) async -> [Arrival] {
        var arrivals: [Arrival] = []
        for place in group { arrivals.append(await begin(image, place)) }
        let waiting = arrivals.indices.filter { arrivals[$0].result == nil && !arrivals[$0].isUnchanged }
        guard let first = waiting.first else { return arrivals }
        do { try await carry(arrivals[first], spool, releases) } catch {
            for index in waiting { arrivals[index].result = failed(arrivals[index].place, error) }
        }
        return arrivals
    }

    private func begin(_ image: ImageSelection, _ place: Int) async -> Arrival {
        let target = targets[place]
        do {
            let image = target.holdsOnePlatform ? try image.single(for: target.title) : image
            let total = image.blobs.reduce(0) { $0 + max(0, $1.size) }
            report(.started(target: place, bytes: total))
            let ledger = CopyLedger(total: total) { report(.progressed(target: place, completed: $0, total: $1)) }
            try await target.prepare()
            let before = try await target.current()
            try check(before, target, image)
            return Arrival(
                place: place, image: image, ledger: ledger, isUnchanged: before == image.root.descriptor.digest)
        } catch {
            let ledger = CopyLedger(total: 0) { _, _ in }
            return Arrival(place: place, image: image, ledger: ledger, result: failed(place, error))
        }
    }

    private func carry(_ arrival: Arrival, _ spool: BlobSpool, _ releases: SharedCount) async throws {
        let (target, image, ledger) = (targets[arrival.place], arrival.image, arrival.ledger)
        let present = try await present(image, target)
        let missing = Set(image.images.filter { !present.contains($0.document.descriptor.digest) }.flatMap(\.content))
        try await withThrowingTaskGroup(of: Void.self) { group in
            for (number, blob) in image.blobs.enumerated() {
                if number >= Self.breadth { try await group.next() }
                group.addTask {
                    if missing.contains(blob.digest) {
                        let supply = BlobSupply(blob: blob, spool: spool)
                        let outcome = try await target.put(supply) { ledger.note($0, of: blob) }
                        ledger.settle(blob, outcome)
                    } else {
                        ledger.settle(blob, .alreadyThere)
                    }
                    if await releases.leave(blob.digest) { await spool.release(blob.digest) }
                }
            }
            try await group.waitForAll()
        }
        for document in image.documents where !present.contains(document.descriptor.digest) {
            try Task.checkCancellation()
            try await target.put(document)
        }
    }

    /// The images that the target has for sure, since they come from there.
    private func present(_ image: ImageSelection, _ target: any ImageWriter) async throws -> Set<Digest> {
        try await withThrowingTaskGroup(of: Digest?.self) { group in
            var present: Set<Digest> = []
            func note(_ digest: Digest?) { if let digest { present.insert(digest) } }
            for (number, image) in image.images.enumerated() {
                if number >= Self.breadth, let digest = try await group.next() { note(digest) }
                let document = image.document.descriptor
                let origins = source.origins(of: document)
                group.addTask { try await target.has(document, from: origins) ? document.digest : nil }
            }
            for try await digest in group { note(digest) }
            return present
        }
    }

    // MARK: Publishing

    private func publish(_ arrivals: [Arrival]) async -> [Arrival] {
        var arrivals = arrivals
        for index in arrivals.indices where arrivals[index].result == nil {
            arrivals[index].result = await publish(arrivals[index])
        }
        return arrivals
    }

    /// Moves all names, or none when something failed before.
    private func publishTogether(_ arrivals: [Arrival]) async -> [Arrival] {
        var arrivals = arrivals
        var failure = arrivals.lazy.compactMap(\.result).compactMap { $0.failure }.first
        for index in arrivals.indices where arrivals[index].result == nil {
            if let failure {
                arrivals[index].result = failed(arrivals[index].place, failure)
            } else {
                let result = await publish(arrivals[index])
                failure = result.failure
                arrivals[index].result = result
            }
        }
        return arrivals
    }

    private func publish(_ arrival: Arrival) async -> Result<CopyReport, any Error> {
        let target = targets[arrival.place]
        do {
            try Task.checkCancellation()
            var places = [target.title]
            if !arrival.isUnchanged {
                let start = ContinuousClock.now
                if expected != .anything { try check(try await target.current(), target, arrival.image) }
                places = try await target.publish(arrival.image)
                if expected != .anything {
                    try await target.confirm(
                        arrival.image.root.descriptor.digest, inPlaceOf: expected.digest, since: start)
                }
            }
            let done = done(arrival, places: places)
            report(.finished(target: arrival.place, done))
            return .success(done)
        } catch {
            return failed(arrival.place, error)
        }
    }

    private func failed(_ place: Int, _ error: any Error) -> Result<CopyReport, any Error> {
        report(.failed(target: place, error))
        return .failure(error)
    }

    private func check(_ current: Digest?, _ target: any ImageWriter, _ image: ImageSelection) throws {
        guard !expected.allows(current, becoming: image.root.descriptor.digest) else { return }
        throw ImagesError.moved(title: target.title, expected: expected.digest, actual: current)
    }

    private func done(_ arrival: Arrival, places: [String]) -> CopyReport {
        let tallies = arrival.ledger.tallies
        return CopyReport(
            places: places, image: arrival.image, isUnchanged: arrival.isUnchanged, sent: tallies.sent,
            mounted: tallies.mounted, alreadyThere: tallies.alreadyThere)
    }
}

extension Result {
    fileprivate var failure: Failure? { if case .failure(let error) = self { error } else { nil } }
}

extension ImageSelection.Image {
    /// The digests of its config and its layers.
    fileprivate var content: [Digest] { ([manifest.config] + manifest.layers).map(\.digest) }
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
