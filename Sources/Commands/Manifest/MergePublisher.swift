// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import OCI
import Registry

/// Publishes a list: everything that it names is looked for, or brought, first; its tags move last.
struct MergePublisher {
    let client: RegistryClient
    let plan: MergePlan

    /// What a tag must stand for, or else it is not moved.
    enum Expectation: Sendable {
        case anything
        case nothing
        case digest(Digest)
    }

    /// Looks for every manifest where it was pushed to.
    ///
    /// - Throws: ``CommandError`` for one that is not there; ``RegistryError``.
    func check() async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            for repository in plan.repositories {
                for entry in plan.entries {
                    group.addTask { try await check(entry, entry.source(for: repository)) }
                }
            }
            try await group.waitForAll()
        }
    }

    private func check(_ entry: MergePlan.Entry, _ source: Reference) async throws {
        let found: Descriptor
        do { found = try await client.resolve(source, by: .registry) } catch let error as RegistryError
            where error.kind == .notFound
        {
            throw CommandError(
                "\(entry.platform): \(source), which \(entry.file) names, is not in the registry",
                remedy: "build that platform again; some registries clean up what has no tag")
        }
        guard found.size == entry.descriptor.size else {
            throw CommandError(
                "\(entry.platform): \(source) has \(found.size) bytes, and \(entry.file) says "
                    + "\(entry.descriptor.size)",
                remedy: "build that platform again; the file was altered")
        }
    }

    /// Compares what the tags stand for now with what somebody expects.
    ///
    /// - Throws: ``CommandError`` when one is something else; ``RegistryError``.
    func compare(_ expectation: Expectation) async throws {
        if case .anything = expectation { return }
        for target in plan.targets {
            let now = try await digest(of: target)
            let isExpected =
                switch expectation {
                case .anything: true
                case .nothing: now == nil
                case .digest(let digest): now == digest || now == plan.digest
                }
            guard isExpected else {
                throw CommandError(
                    "\(target) is \(now?.description ?? "not there") now, so it was not moved: somebody else changed it",
                    remedy: "look at what it is, and then say so: --if-match \(now?.description ?? "none")")
            }
        }
    }

    private func digest(of target: Reference) async throws -> Digest? {
        do { return try await client.resolve(target, by: .registry).digest } catch let error as RegistryError
            where error.kind == .notFound
        {
            return nil
        }
    }

    /// Brings the manifests to where the list goes, and puts the list there.
    ///
    /// - Parameters:
    ///   - expectation: Looked at once more right before a tag moves; registries know no step that does both.
    ///   - note: Told what was done.
    /// - Throws: ``CommandError``, ``RegistryError``.
    func publish(_ expectation: Expectation, note: (String) -> Void) async throws {
        for repository in plan.repositories {
            for entry in plan.entries {
                let source = entry.source(for: repository)
                guard source.name != repository.name else { continue }
                let copy = ManifestCopy(client: client, source: source, target: repository)
                let outcome = try await copy.run()
                note("\(entry.platform): \(outcome) from \(source.name) to \(repository.name)")
            }
        }
        // With several names none moves before the list is everywhere.
        if plan.targets.count > 1 {
            for repository in plan.repositories {
                try await client.putManifest(
                    plan.bytes, mediaType: plan.mediaType, to: repository.with(digest: plan.digest))
            }
        }
        try await compare(expectation)
        for target in plan.targets {
            try await client.putManifest(plan.bytes, mediaType: plan.mediaType, to: target)
            note("pushed \(target.familiar)")
        }
    }
}
