// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import Images
import OCI

/// What one argument of a merge gives to the list.
struct MergeInput {
    /// What people call it: the file, or the place of an image.
    let title: String
    /// The images, and their attestations.
    let parts: [ListPart]
    /// The names that its build was given; nil for what no build says.
    var names: [String]?
    var annotations: [String: String] = [:]
}

/// The list that comes of several results, before anything is pushed.
struct MergePlan {
    /// One line of the list.
    struct Entry: Sendable {
        let platform: Platform
        let part: ListPart
        /// The argument that says so.
        let file: String

        /// The manifest as the list has it.
        var descriptor: Descriptor { part.entry.descriptor }
    }

    /// What the flags say.
    struct Wishes {
        var tags: [Reference] = []
        /// Exactly these platforms in this order; empty for all, sorted.
        var platforms: [Platform] = []
        var required: [Platform] = []
        var onRepetition = Repetition.refuse
        var annotations: [String: String] = [:]
    }

    /// What happens when two files have an image for one platform.
    enum Repetition { case refuse, takeLater }

    let entries: [Entry]
    /// The names that the list gets.
    let targets: [Reference]
    let list: ComposedList
    let descriptor: Descriptor

    /// - Throws: ``CommandError``.
    init(_ inputs: [MergeInput], _ wishes: Wishes) throws {
        targets = try wishes.tags.isEmpty ? Self.names(of: inputs) : wishes.tags
        entries = try Self.ordered(Self.entries(of: inputs, wishes.onRepetition), wishes)
        let annotations = try Self.annotations(of: inputs, wishes.annotations)
        let images = Set(entries.map(\.descriptor.digest))
        let attestations = inputs.flatMap(\.parts).filter { part in
            guard case .attestation(let subject?) = part.entry.descriptor.role else { return false }
            return images.contains(subject)
        }
        let parts = entries.map(\.part) + attestations
        let isDocker = parts.allSatisfy { $0.entry.descriptor.mediaType == .dockerManifest } && annotations.isEmpty
        // As a build writes it: one build for all these platforms makes the same bytes.
        let index = Index(
            mediaType: isDocker ? .dockerManifestList : .ociIndex, manifests: parts.map(\.entry.descriptor),
            annotations: annotations.isEmpty ? nil : annotations)
        list = try ComposedList(index, of: parts, named: targets.first)
        descriptor = list.descriptor
    }

    private static func entries(of inputs: [MergeInput], _ onRepetition: Repetition) throws -> [Entry] {
        var entries: [Entry] = []
        var places: [Platform: Int] = [:]
        for input in inputs {
            for part in input.parts {
                if case .attestation = part.entry.descriptor.role { continue }
                guard let platform = part.entry.descriptor.platform, part.entry.descriptor.mediaType.isManifest else {
                    throw CommandError("\(input.title): \(part.entry.descriptor.digest) is no image of a platform")
                }
                let entry = Entry(platform: platform, part: part, file: input.title)
                guard let place = places[platform] else {
                    places[platform] = entries.count
                    entries.append(entry)
                    continue
                }
                let known = entries[place]
                // The same image twice, as when an artifact was downloaded twice, is one.
                if known.descriptor == entry.descriptor, known.part.origins == part.origins { continue }
                guard onRepetition == .takeLater else {
                    throw CommandError(
                        "\(platform) is in two results: \(known.file) has \(known.descriptor.digest), "
                            + "\(input.title) has \(entry.descriptor.digest)",
                        remedy: "leave one out, or take the later of them with --replace")
                }
                entries[place] = entry
            }
        }
        return entries
    }

    private static func ordered(_ entries: [Entry], _ wishes: Wishes) throws -> [Entry] {
        let list = { (platforms: [Platform]) in platforms.map(\.description).joined(separator: ", ") }
        let missing = (wishes.required + wishes.platforms).filter { wanted in
            !entries.contains { $0.platform == wanted }
        }
        if !missing.isEmpty {
            var seen: Set<Platform> = []
            let names = list(missing.filter { seen.insert($0).inserted })
            throw CommandError(
                "no result has \(names); there are \(list(entries.map(\.platform)))",
                remedy: "did the job that builds it fail, or was its file not fetched?")
        }
        guard !wishes.platforms.isEmpty else {
            // Best match first for clients that take the first that fits: arm/v7 before arm/v6.
            return entries.sorted { first, second in
                let (a, b) = (first.platform, second.platform)
                if (a.os, a.architecture) != (b.os, b.architecture) {
                    return (a.os, a.architecture) < (b.os, b.architecture)
                }
                return (a.variant ?? "", a.osVersion ?? "") > (b.variant ?? "", b.osVersion ?? "")
            }
        }
        if let extra = entries.first(where: { !wishes.platforms.contains($0.platform) }) {
            throw CommandError(
                "--platform does not name \(extra.platform), which \(extra.file) has",
                remedy: "name it, too, or leave the file out")
        }
        return wishes.platforms.compactMap { platform in entries.first { $0.platform == platform } }
    }

    private static func annotations(
        of inputs: [MergeInput], _ given: [String: String]
    ) throws -> [String: String] {
        var annotations: [String: (value: String, file: String)] = [:]
        for input in inputs {
            for (key, value) in input.annotations where given[key] == nil {
                if let known = annotations[key], known.value != value {
                    throw CommandError(
                        "the list's annotation \(key) is \"\(known.value)\" in \(known.file) and \"\(value)\" "
                            + "in \(input.title)",
                        remedy: "say which: --annotation \(key)=VALUE")
                }
                annotations[key] = (value, input.title)
            }
        }
        return annotations.mapValues(\.value).merging(given) { $1 }
    }

    /// The names that the builds were given, which all must agree on.
    private static func names(of inputs: [MergeInput]) throws -> [Reference] {
        let named = inputs.compactMap { input in input.names.map { (file: input.title, names: $0) } }
        guard let first = named.first, !first.names.isEmpty else {
            throw CommandError("the list has no name", remedy: "give it one with -t")
        }
        if let other = named.first(where: { Set($0.names) != Set(first.names) }) {
            throw CommandError(
                "the results are for different names: \(first.file) for \(first.names.joined(separator: ", ")), "
                    + "\(other.file) for \(other.names.joined(separator: ", "))",
                remedy: "say which name the list gets with -t")
        }
        do { return try first.names.map { try Reference($0) } } catch {
            throw CommandError("\(first.file): \(error)", remedy: "give the list a name with -t")
        }
    }
}
