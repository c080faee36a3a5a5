// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import FoundationEssentials
import OCI

/// The list that comes of several results, before any registry is asked.
struct MergePlan {
    /// One line of the list.
    struct Entry: Sendable {
        let platform: Platform
        /// The manifest as the list has it.
        let descriptor: Descriptor
        /// Where it was pushed to.
        let repositories: [Reference]
        /// The file that says so.
        let file: String

        /// The manifest where it was pushed to, preferably in a repository, else in the same registry.
        func source(for target: Reference) -> Reference {
            let near =
                repositories.first { $0.name == target.name } ?? repositories.first { $0.registry == target.registry }
            return (near ?? repositories[0]).with(digest: descriptor.digest)
        }
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
    let mediaType: MediaType
    /// The list.
    let bytes: [UInt8]
    let digest: Digest

    /// One target for each repository.
    var repositories: [Reference] {
        var seen: Set<String> = []
        return targets.filter { seen.insert($0.name).inserted }
    }

    /// - Throws: ``CommandError``.
    init(_ results: [(file: String, result: FanInResult)], _ wishes: Wishes) throws {
        targets = try wishes.tags.isEmpty ? Self.names(of: results) : wishes.tags
        entries = try Self.ordered(Self.entries(of: results, wishes.onRepetition), wishes)
        let annotations = try Self.annotations(of: results, wishes.annotations)
        let isDocker = entries.allSatisfy { $0.descriptor.mediaType == .dockerManifest } && annotations.isEmpty
        mediaType = isDocker ? .dockerManifestList : .ociIndex
        let index = Index(
            mediaType: mediaType, manifests: entries.map(\.descriptor),
            annotations: annotations.isEmpty ? nil : annotations)
        // As a build writes it: one build for all these platforms makes the same bytes.
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        bytes = Array(try encoder.encode(index))
        digest = .sha256(of: bytes)
    }

    private static func entries(
        of results: [(file: String, result: FanInResult)], _ onRepetition: Repetition
    ) throws -> [Entry] {
        var entries: [Entry] = []
        for (file, result) in results {
            let repositories: [Reference]
            do { repositories = try result.repositories.map { try Reference($0) } } catch {
                throw CommandError("\(file): \(error)", remedy: "build again; the file was altered")
            }
            guard !repositories.isEmpty, !result.images.isEmpty else {
                throw CommandError("\(file) names no image that was pushed", remedy: "build again")
            }
            for image in result.images {
                guard let platform = image.descriptor.platform, image.descriptor.mediaType.isManifest else {
                    throw CommandError("\(file): \(image.descriptor.digest) is no image of a platform")
                }
                let entry = Entry(
                    platform: platform, descriptor: image.descriptor, repositories: repositories, file: file)
                guard let place = entries.firstIndex(where: { $0.platform == platform }) else {
                    entries.append(entry)
                    continue
                }
                // The same image twice, as when an artifact was downloaded twice, is one.
                if entries[place].descriptor == entry.descriptor, entries[place].repositories == repositories {
                    continue
                }
                guard onRepetition == .takeLater else {
                    throw CommandError(
                        "\(platform) is in two results: \(entries[place].file) has \(entries[place].descriptor.digest), "
                            + "\(file) has \(entry.descriptor.digest)",
                        remedy: "leave one file out, or take the later of them with --replace")
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
        of results: [(file: String, result: FanInResult)], _ given: [String: String]
    ) throws -> [String: String] {
        var annotations: [String: (value: String, file: String)] = [:]
        for (file, result) in results {
            for (key, value) in result.annotations ?? [:] where given[key] == nil {
                if let known = annotations[key], known.value != value {
                    throw CommandError(
                        "the list's annotation \(key) is \"\(known.value)\" in \(known.file) and \"\(value)\" in \(file)",
                        remedy: "say which: --annotation \(key)=VALUE")
                }
                annotations[key] = (value, file)
            }
        }
        return annotations.mapValues(\.value).merging(given) { $1 }
    }

    /// The names that the builds were given, which all must agree on.
    private static func names(of results: [(file: String, result: FanInResult)]) throws -> [Reference] {
        guard let first = results.first, !first.result.names.isEmpty else {
            throw CommandError("the list has no name", remedy: "give it one with -t")
        }
        if let other = results.first(where: { Set($0.result.names) != Set(first.result.names) }) {
            let names = { (result: FanInResult) in result.names.joined(separator: ", ") }
            throw CommandError(
                "the results are for different names: \(first.file) for \(names(first.result)), "
                    + "\(other.file) for \(names(other.result))",
                remedy: "say which name the list gets with -t")
        }
        do { return try first.result.names.map { try Reference($0) } } catch {
            throw CommandError("\(first.file): \(error)", remedy: "give the list a name with -t")
        }
    }
}
