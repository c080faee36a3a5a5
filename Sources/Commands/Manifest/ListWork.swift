// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import Build
import Images
import OCI
import Registry
import Store
import SystemPackage

/// Reading, judging and publishing lists, as all commands about them do it.
struct ListWork: Sendable {
    let access: ImageAccess
    let environment: Environment
    let mode: ProgressMode
    let terminal: ProgressTerminal
    let naming: PlatformNaming

    /// What is said beside the result.
    func note(_ text: String) {
        if mode != .quiet { CommandOutput.note(text) }
    }

    /// Whether there is something in a place.
    ///
    /// - Throws: what keeps it from being read although something is there.
    func exists(_ place: ImagePlace) async throws -> Bool {
        switch place {
        case .registry, .store: break
        case .layout(let path, _):
            if !Files.exists(path.appending(LayoutFiles.indexName)) { return false }
        case .layoutArchive(let path, _), .dockerArchive(let path, _):
            if !Files.exists(path) { return false }
        }
        do {
            _ = try await access.reader(of: place, by: .registry).root()
            return true
        } catch let error as RegistryError where error.kind == .notFound {
            return false
        } catch ImagesError.notInStore {
            return false
        } catch OCILayoutError.noTag {
            return false
        }
    }

    /// Brings a list, with everything in it, to where it goes; its names move last and together.
    ///
    /// - Returns: what the names stand for now.
    /// - Throws: what keeps one of the names from moving.
    @discardableResult
    func publish(
        _ list: ComposedList, to targets: [any ImageWriter], ifMatch expected: TagExpectation = .anything
    ) async throws -> [CopyReport] {
        let reporter = ProgressReporter(mode: mode, terminal: terminal)
        return try await reporter.follow { queue in
            let relay = EventRelay(receive: queue.send)
            let progress = CopyProgress(from: list.title, to: targets.map(\.title), events: relay)
            let copy = ImageCopy(
                from: list, to: targets, ifMatch: expected, order: .together, naming: naming, store: access.store,
                report: progress.note)
            do {
                let reports = try await copy.run().map { try $0.get() }
                progress.complete()
                return reports
            } catch {
                progress.stopped(by: error)
                throw error
            }
        }
    }

    /// Looks for everything and changes nothing.
    ///
    /// - Returns: the list's bytes.
    /// - Throws: what ``publish(_:to:ifMatch:)`` would find out before it sends something.
    func rehearse(
        _ list: ComposedList, to targets: [any ImageWriter], ifMatch expected: TagExpectation
    ) async throws -> [UInt8] {
        try await ImageCopy(
            from: list, to: targets, ifMatch: expected, naming: naming, store: access.store
        ).rehearse().root.bytes
    }

    /// Writes the file of --metadata-file.
    func writeMetadata(_ root: Descriptor, names: [Reference], to file: String?) throws {
        guard let file else { return }
        let summary = BuildSummary(
            digest: root.digest, images: [], names: [],
            descriptor: Descriptor(mediaType: root.mediaType, digest: root.digest, size: root.size),
            references: names.map(\.description))
        try Files.write(
            try BuildMetadata(summary, warnings: nil).json, to: environment.absolute(file), mode: 0o644)
    }
}
