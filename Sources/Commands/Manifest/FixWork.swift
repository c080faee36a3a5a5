// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import FoundationEssentials
import Images
import OCI
import Registry
import Store

/// The repair of one list: read, told, written.
struct FixWork {
    let access: ImageAccess
    let source: ListPlace
    let target: ListPlace?
    /// What the name that is written to must stand for.
    let expected: Digest?

    /// - Returns: the digest of the list that there is then, or would be.
    /// - Throws: ``ImagesError``, ``RegistryError``, ``CommandError``.
    func run(trust: ListLinter.Trust, writes: Bool) async throws -> Digest {
        // A mirror may be behind.
        let reader = access.reader(of: source.place, by: .registry)
        let read = try await ReadList(from: reader, .children)
        let old = read.root.descriptor.digest
        if target == nil, let expected, expected != old {
            throw ImagesError.moved(title: reader.title, expected: expected, actual: old)
        }
        guard read.kind == .list else {
            CommandOutput.note("\(source.text) is no list but one \(read.kind.rawValue); nothing to fix")
            return old
        }
        let fixed = ListLinter(read.list, children: read.children, trust: trust).fix()
        tell(fixed)
        guard !fixed.changes.isEmpty else { return old }
        let before = read.list.entries.contains { $0.role == .image || $0.role == .list }
        guard !before || fixed.list.entries.contains(where: { $0.role == .image || $0.role == .list }) else {
            throw CommandError(
                "\(source.text) is left as it is: no image would be left in it",
                remedy: "build and push the images again")
        }
        let root = try Self.document(fixed.list, like: read.root)
        if writes { try await write(root, over: old, reader) }
        return root.descriptor.digest
    }

    private func tell(_ fixed: FixedList) {
        var told: Set<String> = []
        for change in fixed.changes {
            let line =
                change.repair == .reorder
                ? "the list: sort the entries, so that none hides a better match"
                : "\(Self.subject(change.finding)): \(change.repair) (\(change.finding.message))"
            if told.insert(line).inserted { CommandOutput.note("fix: \(line)") }
        }
        for finding in fixed.remaining {
            CommandOutput.note("left: \(Self.subject(finding)): \(finding.message)")
            if let advice = finding.advice { CommandOutput.note("      \(advice)") }
        }
        guard fixed.changes.isEmpty else { return }
        CommandOutput.note(
            fixed.remaining.isEmpty ? "nothing to fix" : "nothing that can be fixed without knowing more")
    }

    /// Positions change from one repair to the next; digests stay.
    private static func subject(_ finding: ListFinding) -> String {
        guard finding.entry != nil else { return "the list" }
        let known = [finding.platform, finding.digest?.short].compactMap { $0 }
        return known.isEmpty ? "an entry" : known.joined(separator: " ")
    }

    private static func document(_ list: WrittenIndex, like old: FetchedManifest) throws -> FetchedManifest {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        let bytes = Array(try encoder.encode(list))
        let type = list.mediaType ?? old.descriptor.mediaType
        return FetchedManifest(
            descriptor: Descriptor(mediaType: type, digest: .sha256(of: bytes), size: Int64(bytes.count)), bytes: bytes)
    }

    private func write(_ root: FetchedManifest, over old: Digest, _ reader: any ImageReader) async throws {
        guard let target else {
            try await access.replace(old, with: root, in: source.place)
            return CommandOutput.note("\(source.text) stands for the repaired list now; it was \(old)")
        }
        let revised = RevisedImage(reader, root: root)
        let copy = ImageCopy(
            from: revised, to: [try access.writer(to: target.place, from: revised)],
            ifMatch: expected.map { .digest($0) } ?? .anything,
            store: access.store)
        for result in try await copy.run() {
            for place in try result.get().places { CommandOutput.note("written to \(place)") }
        }
    }
}
