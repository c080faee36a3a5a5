// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import Build
import Images
import OCI
import Registry

/// Publishes lists that specs describe, one after another.
struct SpecWork: Sendable {
    var specs: [ManifestSpec] = []
    /// What is said before anything is done.
    var warnings: [String] = []
    let ignoresMissing: Bool
    /// nil for what the images are.
    let format: ListFormat?
    let expectation: TagExpectation
    let isRehearsal: Bool

    init(ignoresMissing: Bool, format: ListFormat?, expectation: TagExpectation, isRehearsal: Bool) {
        self.ignoresMissing = ignoresMissing
        self.format = format
        self.expectation = expectation
        self.isRehearsal = isRehearsal
    }

    /// Finds what can be found without a registry.
    ///
    /// - Throws: ``CommandError``, ``OCIError``.
    func check() throws {
        if case .digest = expectation, specs.count > 1 {
            throw CommandError(
                "--if-match with a digest is for one list, and there are \(specs.count)", remedy: "push them one by one"
            )
        }
        var known: Set<Reference> = []
        for name in try specs.flatMap({ try $0.references() }) {
            guard name.digest == nil else {
                throw CommandError("\(name): a list's name has no digest", remedy: "leave out what follows the @")
            }
            guard known.insert(name).inserted else {
                throw CommandError("two lists would be \(name.familiar)", remedy: "give them different names")
            }
        }
    }

    /// The registries that are named.
    ///
    /// - Throws: ``OCIError``.
    func registries() throws -> [String] {
        try specs.flatMap { spec in
            try spec.references().map(\.registry) + spec.manifests.map { try Reference($0.image).registry }
        }
    }

    /// Publishes every list, and tells what became of it.
    ///
    /// - Throws: ``CommandError`` when one of several was not published; what kept the only one from it.
    func run(_ work: ListWork) async throws {
        for warning in warnings { work.note("warning: \(warning)") }
        var failures = 0
        for spec in specs {
            do { try CommandOutput.result(try await publish(spec, work)) } catch let error as CancellationError {
                throw error
            } catch {
                try Task.checkCancellation()
                guard specs.count > 1 else { throw error }
                failures += 1
                FailureMessage.tell(
                    CommandError("\(spec.image): \(error)", remedy: Remedy.of(error)),
                    in: FailureMessage.Form(work.mode, on: work.terminal))
            }
        }
        if failures > 0 {
            throw CommandError(
                "\(failures) of \(specs.count) lists \(isRehearsal ? "cannot be" : "were not") published", remedy: nil)
        }
    }

    /// - Returns: what is printed of it.
    private func publish(_ spec: ManifestSpec, _ work: ListWork) async throws -> String {
        let parts = try await parts(of: spec, work)
        let names = try spec.references()
        let list = try draft(parts, spec.annotations).list(named: names.first)
        let targets = try names.map { try work.access.writer(to: .registry($0), from: list) }
        if isRehearsal {
            return String(
                decoding: try await work.rehearse(list, to: targets, ifMatch: expectation), as: UTF8.self)
        }
        try await work.publish(list, to: targets, ifMatch: expectation)
        let digest = list.descriptor.digest.description
        return specs.count == 1 ? digest : "\(digest) \(spec.image)"
    }

    private func draft(_ parts: [ListPart], _ annotations: [String: String]) throws -> ListDraft {
        let areDockers = parts.allSatisfy { $0.entry.descriptor.mediaType == .dockerManifest }
        let format = format ?? (areDockers && annotations.isEmpty ? .docker : .oci)
        do {
            return try ListDraft(creating: parts, format: format, annotations: annotations)
        } catch let error as OCIError {
            guard case .list(.platformTaken) = error else { throw error }
            throw CommandError("\(error)", remedy: "leave one of them out, or say which variant each is for")
        }
    }

    /// So many images are looked at together.
    private static let breadth = 6

    private func parts(of spec: ManifestSpec, _ work: ListWork) async throws -> [ListPart] {
        var parts: [Int: [ListPart]] = [:]
        try await withThrowingTaskGroup(of: (Int, [ListPart]).self) { group in
            for (place, source) in spec.manifests.enumerated() {
                if place >= Self.breadth, let (place, found) = try await group.next() { parts[place] = found }
                group.addTask { (place, try await self.parts(of: source, work)) }
            }
            for try await (place, found) in group { parts[place] = found }
        }
        let all = spec.manifests.indices.flatMap { parts[$0] ?? [] }
        for part in all {
            for note in part.entry.notes { work.note("note: \(part.title): \(note)") }
        }
        return all
    }

    private func parts(of source: ManifestSpec.Source, _ work: ListWork) async throws -> [ListPart] {
        let reader = work.access.reader(of: .registry(try Reference(source.image)), by: .registry)
        do {
            guard let platform = source.platform else { return try await ListSource(reader).parts() }
            var own: [ListPart] = []
            do { own = try await ListSource(reader).parts() } catch OCIError.list(.noPlatform) {
                // Then the file has to tell alone.
            }
            let config = own.count == 1 ? own[0].entry.descriptor.platform.map { WrittenPlatform($0) } : nil
            guard let given = try platform.given(config: config) else { return own }
            return try await ListSource(reader, as: given).parts()
        } catch let error as RegistryError where error.kind == .notFound && ignoresMissing {
            work.note("note: \(source.image) is not there and left out")
            return []
        }
    }
}
