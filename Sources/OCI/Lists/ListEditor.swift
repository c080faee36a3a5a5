// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

/// A manifest list that is being put together or changed.
///
/// After every change no entry hides a better match, one platform has one image, and no attestation is there whose image
/// was taken out. What the list had before is not judged: that is `ListLinter`'s.
public struct ListEditor: Hashable, Sendable {
    /// The list as it stands.
    public private(set) var index: Index
    /// What was done so far, one sentence for each change.
    public private(set) var log: [String] = []

    /// Edits a list that is there.
    public init(_ index: Index) { self.index = index }

    /// Puts a new list together; the same entries in any order give the same list.
    ///
    /// - Throws: ``ListProblem``.
    public init(
        creating entries: [ListEntry], format: ListFormat = .oci, annotations: [String: String] = [:],
        whenTaken: Collision = .refuse
    ) throws(OCIError) {
        self.init(Index(manifests: []))
        // By table rather than by `add`, which looks through the list: an entry may come from a list of thousands.
        var places: [Slot: Int] = [:]
        for entry in entries where !entry.descriptor.isAttestation {
            log += entry.notes
            let slot = Slot(entry.descriptor)
            guard let place = places[slot] else {
                if entry.descriptor.role == .image, entry.descriptor.platform == nil {
                    throw .list(.noPlatform(entry.descriptor.digest))
                }
                places[slot] = index.manifests.count
                index.manifests.append(entry.descriptor)
                continue
            }
            let old = index.manifests[place].digest
            if let platform = entry.descriptor.platform, old != entry.descriptor.digest {
                guard whenTaken == .replace else {
                    throw .list(.platformTaken(platform, by: old, new: entry.descriptor.digest))
                }
                log.append("replaced \(platform.fullName): \(old.short) by \(entry.descriptor.digest.short)")
            }
            index.manifests[place] = entry.descriptor
        }
        guard !index.manifests.isEmpty else { throw .list(.empty) }
        // An attestation of an image that was replaced goes with it; one of an image that never was there is a mistake.
        let images = Set(index.manifests.map(\.digest))
        let offered = Set(entries.map(\.descriptor.digest))
        var attestations: Set<Digest> = []
        for entry in entries where entry.descriptor.isAttestation {
            guard case .attestation(let subject) = entry.descriptor.role else { continue }
            guard let subject, offered.contains(subject) else {
                throw .list(.withoutSubject(entry.descriptor.digest, subject: subject))
            }
            guard images.contains(subject), attestations.insert(entry.descriptor.digest).inserted else { continue }
            index.manifests.append(entry.descriptor)
        }
        try annotate(annotations)
        index = index.ordered(.canonical)
        if format == .docker {
            guard annotations.isEmpty else { throw .list(.notInDockerLists("annotations")) }
            convert(to: .docker)
        }
    }

    /// What to do when another entry has the platform already.
    public enum Collision: Hashable, Sendable {
        case refuse
        /// The new entry takes the place of the old one, whose attestations go with it.
        case replace
    }

    /// Adds an entry.
    ///
    /// - Throws: ``ListProblem/platformTaken(_:by:new:)``, ``ListProblem/withoutSubject(_:subject:)``,
    ///   ``ListProblem/notInDockerLists(_:)``.
    public mutating func add(_ entry: ListEntry, whenTaken: Collision = .refuse) throws(OCIError) {
        let descriptor = try fitting(entry.descriptor)
        log += entry.notes
        let isThere = index.manifests.contains {
            $0.digest == descriptor.digest && $0.platform == descriptor.platform
        }
        switch descriptor.role {
        case .attestation(let subject):
            guard let subject, index.manifests.contains(where: { $0.digest == subject }) else {
                throw .list(.withoutSubject(descriptor.digest, subject: subject))
            }
            if !isThere { index.manifests.append(descriptor) }
            return
        case .artifact, .list:
            if !isThere { insert(descriptor) }
            return
        case .image:
            break
        }
        guard let platform = descriptor.platform else { throw .list(.noPlatform(descriptor.digest)) }
        guard let place = index.manifests.firstIndex(where: { $0.role == .image && $0.isFor(platform) }) else {
            insert(descriptor)
            log.append("added \(platform.fullName) (\(descriptor.digest.short))")
            return
        }
        let old = index.manifests[place]
        if old.digest == descriptor.digest {
            // The same again: at most its annotations are new.
            index.manifests[place] = descriptor
            return
        }
        guard whenTaken == .replace else {
            throw .list(.platformTaken(platform, by: old.digest, new: descriptor.digest))
        }
        index.manifests[place] = descriptor
        removeAttestations(of: [old.digest])
        log.append("replaced \(platform.fullName): \(old.digest.short) by \(descriptor.digest.short)")
    }

    /// Takes an entry out, and with the last entry of an image its attestations.
    ///
    /// - Throws: ``ListProblem/noSuchEntry(_:available:)``, ``ListProblem/severalEntries(_:digests:)``.
    public mutating func remove(_ selector: EntrySelector) throws(OCIError) {
        let places = try selector.places(in: index)
        let removed = Set(places.map { index.manifests[$0].digest })
        let gone = Set(places)
        for place in places {
            let entry = index.manifests[place]
            log.append("removed \(entry.platform?.fullName ?? "an entry") (\(entry.digest.short))")
        }
        index.manifests = index.manifests.enumerated().filter { !gone.contains($0.offset) }.map(\.element)
        removeAttestations(of: removed)
    }

    /// Leaves attestations out.
    public mutating func apply(_ policy: AttestationPolicy) {
        guard policy == .drop else { return }
        let count = index.manifests.count
        index.manifests.removeAll(where: \.isAttestation)
        let dropped = count - index.manifests.count
        if dropped > 0 { log.append("left out \(dropped) attestation\(dropped == 1 ? "" : "s")") }
    }

    /// Sorts the entries.
    public mutating func order(_ order: ListOrder) { index = index.ordered(order) }

    // MARK: Rules

    /// What can be in a list once: an image of a platform, or some content without one.
    private struct Slot: Hashable {
        var platform: Platform?
        var digest: Digest?

        init(_ entry: Descriptor) {
            platform = entry.platform
            platform?.osFeatures = entry.platform?.osFeatures.map { $0.sorted() }
            digest = entry.role == .image ? nil : entry.digest
        }
    }

    /// Puts an entry behind the images and before the attestations, or further ahead where it would be hidden.
    private mutating func insert(_ descriptor: Descriptor) {
        let place = index.manifests.lastIndex { !$0.isAttestation }.map { $0 + 1 } ?? 0
        index.manifests.insert(descriptor, at: place)
        index = index.ordered(.matching)
    }

    private mutating func removeAttestations(of digests: Set<Digest>) {
        let orphaned = digests.subtracting(index.manifests.lazy.filter { !$0.isAttestation }.map(\.digest))
        let count = index.manifests.count
        index.manifests.removeAll { entry in
            guard case .attestation(let subject?) = entry.role else { return false }
            return orphaned.contains(subject)
        }
        let removed = count - index.manifests.count
        if removed > 0 { log.append("removed \(removed) attestation\(removed == 1 ? "" : "s") of it") }
    }

    /// The descriptor as the list's format can hold it.
    func fitting(_ descriptor: Descriptor) throws(OCIError) -> Descriptor {
        guard index.format == .docker else { return descriptor }
        switch descriptor.role {
        case .attestation: throw .list(.notInDockerLists("attestations"))
        case .artifact: throw .list(.notInDockerLists("artifacts"))
        case .image, .list: break
        }
        var descriptor = descriptor
        descriptor.annotations = nil
        descriptor.artifactType = nil
        return descriptor
    }

    /// Changes entries; for the aspects of the editor in other files.
    mutating func change(_ places: [Int], _ body: (inout Descriptor) -> Void) {
        for place in places { body(&index.manifests[place]) }
        index = index.ordered(.matching)
    }

    mutating func replace(index: Index, _ sentences: [String]) {
        self.index = index
        log += sentences
    }
}

extension Descriptor {
    /// Whether the entry has a platform and it is this one, features in any order.
    func isFor(_ other: Platform) -> Bool {
        guard let platform else { return false }
        return platform.os == other.os && platform.architecture == other.architecture
            && platform.variant == other.variant && platform.osVersion == other.osVersion
            && Set(platform.osFeatures ?? []) == Set(other.osFeatures ?? [])
    }
}
