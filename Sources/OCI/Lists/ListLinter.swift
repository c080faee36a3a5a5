// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

/// Looks for what is wrong with a manifest list (`manifest lint`).
///
/// It judges the list as it is written, with what is known about the manifests that it names; nothing is fetched here.
public struct ListLinter: Sendable {
    /// Whom to believe where list and config name different platforms and neither is malformed.
    public enum Trust: String, Hashable, Sendable, CaseIterable {
        /// Neither: configs were wrong as often as lists, so a person has to look.
        case neither
        /// The image's config.
        case config
    }

    let list: WrittenIndex
    let children: [Digest: ChildFacts]
    let trust: Trust

    public init(_ list: WrittenIndex, children: [Digest: ChildFacts] = [:], trust: Trust = .neither) {
        self.list = list
        self.children = children
        self.trust = trust
    }

    /// Everything that was found: about the list, then by entry.
    public func findings() -> [ListFinding] {
        var findings = listFindings()
        let taken = Dictionary(
            list.entries.enumerated().compactMap { position, entry in
                entry.role == .image ? entry.platform.map { (Slot($0), position) } : nil
            }, uniquingKeysWith: { first, _ in first })
        let subjects = Set(list.entries.filter { $0.role == .image || $0.role == .list }.map(\.digest))
        for (position, entry) in list.entries.enumerated() {
            findings += contentFindings(entry, at: position, subjects: subjects)
            if entry.role == .image { findings += platformFindings(entry, at: position, taken: taken) }
        }
        let platforms = repairedPlatforms(findings)
        let duplicates = duplicateFindings(platforms)
        let doomed = Set(duplicates.filter { $0.repair == .remove }.map(\.entry))
        findings += duplicates
        findings += orderFindings(platforms.filter { !doomed.contains($0.position) })
        let order = findings.enumerated().sorted {
            ($0.element.entry ?? -1, $0.offset) < ($1.element.entry ?? -1, $1.offset)
        }
        return order.map(\.element)
    }

    // MARK: The list

    private func listFindings() -> [ListFinding] {
        var findings: [ListFinding] = []
        if list.schemaVersion != 2 {
            let found = list.schemaVersion.map { "is \($0)" } ?? "is missing"
            findings.append(finding(.schemaVersion, .error, "schemaVersion \(found)", repair: .setSchemaVersion))
        }
        if !list.entries.contains(where: { $0.role == .image || $0.role == .list }) {
            findings.append(
                finding(
                    .emptyList, .error, list.entries.isEmpty ? "the list is empty" : "the list has no image",
                    advice: "add images with manifold manifest add"))
        }
        let foreign = ["config", "layers"].filter { list.other[$0] != nil }
        if !foreign.isEmpty {
            findings.append(
                finding(
                    .ambiguousDocument, .error,
                    "the list has the \(foreign.joined(separator: " and the ")) of an image, which is what some clients "
                        + "may take it for (CVE-2021-41190)", repair: .removeMembers(foreign)))
        }
        let images = list.entries.filter { $0.role == .image }
        let docker = images.filter { $0.mediaType == .dockerManifest }.count
        let oci = images.filter { $0.mediaType == .ociManifest }.count
        switch list.mediaType {
        case nil:
            let type: MediaType = docker > 0 && oci == 0 ? .dockerManifestList : .ociIndex
            findings.append(
                finding(
                    .missingMediaType, .warning, "the list does not say what it is; some clients take it for an image",
                    repair: .setListType(type)))
        case .dockerManifestList? where oci > 0:
            findings.append(
                finding(
                    .mixedMediaTypes, .warning,
                    "a Docker manifest list with \(count(oci, "OCI manifest")); old clients read neither",
                    repair: .setListType(.ociIndex)))
        case .ociIndex? where docker > 0:
            findings.append(
                finding(
                    .mixedMediaTypes, oci > 0 ? .warning : .note,
                    "an OCI index with \(count(docker, "Docker manifest"))"
                        + (oci > 0 ? " and \(count(oci, "OCI manifest"))" : ""),
                    advice: "copy the images in one format, or write a list with --oci-mediatypes=false"))
        default: break
        }
        let attestations = list.entries.filter { entry in
            if case .attestation = entry.role { true } else { false }
        }
        if !attestations.isEmpty {
            findings.append(
                finding(
                    .attestations, .note,
                    "\(count(attestations.count, "attestation")) beside \(count(images.count, "image")); "
                        + "clients that list platforms show unknown/unknown"))
        }
        return findings
    }

    // MARK: What an entry points to

    /// - Parameter subjects: what attestations can be about.
    private func contentFindings(
        _ entry: WrittenEntry, at position: Int, subjects: Set<Digest?>
    ) -> [ListFinding] {
        var findings: [ListFinding] = []
        guard let digest = entry.digest else {
            return [
                finding(
                    .missingDigest, .error, "no digest, so that nobody can fetch it", at: position, repair: .remove)
            ]
        }
        let facts = children[digest]
        if facts?.exists == false {
            return [
                finding(
                    .missingChild, .error, "the repository does not have the manifest", at: position, repair: .remove)
            ]
        }
        if let flaw = facts?.flaw {
            findings.append(
                finding(
                    .unreadableChild, .error, flaw, at: position,
                    advice: "push the image again, or remove the entry with manifold manifest remove"))
        }
        if case .attestation(let subject) = entry.role, subject == nil || !subjects.contains(subject) {
            let name = subject.map { "\($0.short), which is not in the list" } ?? "nothing"
            return findings + [
                finding(.orphanAttestation, .warning, "it attests \(name)", at: position, repair: .remove)
            ]
        }
        if entry.role == .list {
            findings.append(
                finding(
                    .nestedList, .warning, "it is a list itself; many clients look no deeper", at: position,
                    advice: "add its images with manifold manifest add"))
        }
        if entry.size == nil {
            findings.append(
                finding(
                    .missingSize, .error, "no size", at: position, repair: facts?.size.map(ListRepair.setSize),
                    advice: "the manifest has to be fetched to know it"))
        } else if let size = facts?.size, size != entry.size {
            findings.append(
                finding(
                    .wrongSize, .error, "the size is \(entry.size ?? 0), but the manifest has \(size) bytes",
                    at: position, repair: .setSize(size)))
        }
        if let type = facts?.mediaType, type != entry.mediaType {
            findings.append(
                finding(
                    .wrongMediaType, .error,
                    "the media type is \(entry.mediaType?.rawValue ?? "missing"), but the manifest is \(type)",
                    at: position, repair: .setMediaType(type)))
        } else if entry.mediaType == nil {
            findings.append(
                finding(
                    .wrongMediaType, .error, "no media type", at: position,
                    advice: "the manifest has to be fetched to know it"))
        }
        return findings
    }

    // MARK: Entries beside each other

    /// The platforms of the images as they will be when each is repaired: what is going to be removed takes no place and
    /// hides nothing, and two that only look alike are not taken for one.
    private func repairedPlatforms(_ findings: [ListFinding]) -> [(position: Int, platform: WrittenPlatform)] {
        var repairs: [Int: ListRepair] = [:]
        for finding in findings {
            if let entry = finding.entry, let repair = finding.repair, repairs[entry] != .remove {
                if case .setPlatform = repair { repairs[entry] = repair }
                if repair == .remove { repairs[entry] = repair }
            }
        }
        return list.entries.enumerated().compactMap { position, entry in
            guard entry.role == .image, let platform = entry.platform else { return nil }
            switch repairs[position] {
            case .remove: return nil
            case .setPlatform(let better): return (position, WrittenPlatform(better))
            default: return platform.isUnknown ? nil : (position, platform)
            }
        }
    }

    private func duplicateFindings(_ platforms: [(position: Int, platform: WrittenPlatform)]) -> [ListFinding] {
        var findings: [ListFinding] = []
        var first: [Slot: (position: Int, platform: WrittenPlatform)] = [:]
        for (position, platform) in platforms {
            guard let other = first[Slot(platform)] else {
                first[Slot(platform)] = (position, platform)
                continue
            }
            let isSame = list.entries[other.position].digest == list.entries[position].digest
            // Each may be for another variant that nobody wrote down.
            let isOpen = !isSame && (platform.lacksVariant || other.platform.lacksVariant)
            findings.append(
                finding(
                    .duplicatePlatform, isSame ? .warning : .error,
                    isSame
                        ? "it is there already as entry \(other.position + 1)"
                        : "entry \(other.position + 1) is for the same platform, so that no client gets this one",
                    at: position, repair: isOpen ? nil : .remove,
                    advice: "say which variant each of them is for with manifold manifest annotate --variant"))
        }
        return findings
    }

    private func orderFindings(_ platforms: [(position: Int, platform: WrittenPlatform)]) -> [ListFinding] {
        var findings: [ListFinding] = []
        var worst: [String: (place: Int, platform: WrittenPlatform)] = [:]
        for (position, platform) in platforms {
            guard let rank = MatchingRank(platform.key) else { continue }
            if let before = worst[rank.family], before.place > rank.place {
                let other = before.platform
                findings.append(
                    finding(
                        .hiddenMatch, .warning,
                        "it stands behind \(other), which clients that take the first match get in its place",
                        at: position, repair: .reorder))
            } else {
                worst[rank.family] = (rank.place, platform)
            }
        }
        return findings
    }

    // MARK: Words

    /// What clients cannot tell apart.
    struct Slot: Hashable {
        let key: PlatformKey
        let osVersion: String?
        let osFeatures: Set<String>

        init(_ platform: WrittenPlatform) {
            key = platform.key
            osVersion = platform.osVersion
            osFeatures = Set(platform.osFeatures ?? [])
        }
    }

    func finding(
        _ rule: ListRule, _ severity: ListSeverity, _ message: String, at position: Int? = nil,
        repair: ListRepair? = nil, advice: String? = nil
    ) -> ListFinding {
        let entry = position.map { list.entries[$0] }
        return ListFinding(
            rule: rule, severity: severity, entry: position, digest: entry?.digest,
            platform: entry?.platform?.description, message: message, repair: repair,
            advice: repair == nil ? advice : nil)
    }

    private func count(_ number: Int, _ noun: String) -> String { "\(number) \(noun)\(number == 1 ? "" : "s")" }
}
