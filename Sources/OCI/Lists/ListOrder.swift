// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

/// In which order the entries of a list stand.
///
/// A client that takes the first entry it can run (image-index.md) must meet the best one first: newer variants before
/// older ones, 64-bit before its 32-bit sister.
public enum ListOrder: Hashable, Sendable {
    /// As it was, except where an entry hides a better match.
    case matching
    /// The same for the same entries in whatever order they came: images by platform, then artifacts, attestations.
    case canonical
}

extension Index {
    /// The index with its entries in an order.
    public func ordered(_ order: ListOrder) -> Index {
        var index = self
        index.manifests =
            switch order {
            case .matching: Self.matching(manifests)
            case .canonical: Self.canonical(manifests)
            }
        return index
    }

    /// Sorts the entries of each family of platforms among the places that the family has.
    private static func matching(_ entries: [Descriptor]) -> [Descriptor] {
        let order = MatchingRank.order(entries.map { $0.platform.flatMap { MatchingRank(PlatformKey($0)) } })
        return order.map { entries[$0] }
    }

    private static func canonical(_ entries: [Descriptor]) -> [Descriptor] {
        let images = entries.filter { !$0.isAttestation }.map { (key: CanonicalKey($0), entry: $0) }
            .sorted { $0.key < $1.key }.map(\.entry)
        var places: [Digest: Int] = [:]
        for (place, image) in images.enumerated() where places[image.digest] == nil { places[image.digest] = place }
        let attestations = entries.filter(\.isAttestation).map { entry -> (place: Int, entry: Descriptor) in
            guard case .attestation(let subject?) = entry.role else { return (images.count, entry) }
            return (places[subject] ?? images.count, entry)
        }
        return images
            + attestations.sorted { ($0.place, $0.entry.digest) < ($1.place, $1.entry.digest) }.map(\.entry)
    }
}

/// Where a platform stands among those that one machine can choose from.
struct MatchingRank: Hashable {
    /// Platforms of one family are compared; others have nothing to do with each other.
    var family: String
    /// Lower is better.
    var place: Int

    /// Nil for what no client compares with anything: variants that are matched exactly or not at all.
    init?(_ key: PlatformKey) {
        let order = ArchitectureTable.variants(of: key.architecture)
        switch key.architecture {
        case "amd64":
            guard let version = order.firstIndex(of: key.variant ?? "v1") else { return nil }
            (family, place) = ("x86", 10 - version)
        case "386" where key.variant == nil: (family, place) = ("x86", 11)
        case "arm64":
            guard let version = ArchitectureTable.arm64Version(key.variant ?? "v8") else { return nil }
            (family, place) = ("arm", 100 - version.major * 10 - version.minor)
        case "arm":
            guard let version = order.firstIndex(where: { $0 == key.variant }) else { return nil }
            (family, place) = ("arm", 110 - version)
        default: return nil
        }
        family = "\(key.os)/\(family)"
    }

    /// The positions in which nothing hides a better one, as near to the given order as can be.
    static func order(_ ranks: [MatchingRank?]) -> [Int] {
        var families: [String: [Int]] = [:]
        for (position, rank) in ranks.enumerated() {
            if let rank { families[rank.family, default: []].append(position) }
        }
        var order = Array(ranks.indices)
        for places in families.values {
            let sorted = places.sorted { (ranks[$0]?.place ?? 0, $0) < (ranks[$1]?.place ?? 0, $1) }
            for (place, position) in zip(places, sorted) { order[place] = position }
        }
        return order
    }
}

/// What entries are sorted by that came in no particular order.
private struct CanonicalKey: Comparable {
    let words: [String]
    let numbers: [Int]
    let last: String

    init(_ entry: Descriptor) {
        let role =
            switch entry.role {
            case .image: 0
            case .list: 1
            case .artifact, .attestation: 2
            }
        let platform = entry.platform
        let architecture = platform?.architecture ?? ""
        let known = ["amd64", "arm64", "arm", "386"].firstIndex(of: architecture) ?? 4
        let rank = platform.flatMap { MatchingRank(PlatformKey($0)) }
        let version = platform?.osVersion?.split(separator: ".").map { -(Int($0) ?? 0) } ?? []
        numbers = [role, platform?.os == "linux" ? 0 : 1, known, rank?.place ?? 0] + version
        words = [platform?.os ?? "", architecture, platform?.variant ?? ""]
        last = entry.digest.description
    }

    static func < (left: CanonicalKey, right: CanonicalKey) -> Bool {
        if left.numbers[..<2] != right.numbers[..<2] { return left.numbers.lexicographicallyPrecedes(right.numbers) }
        if left.words[0] != right.words[0] { return left.words[0] < right.words[0] }
        if left.numbers[2] != right.numbers[2] { return left.numbers[2] < right.numbers[2] }
        if left.words[1] != right.words[1] { return left.words[1] < right.words[1] }
        if left.numbers != right.numbers { return left.numbers.lexicographicallyPrecedes(right.numbers) }
        if left.words != right.words { return left.words.lexicographicallyPrecedes(right.words) }
        return left.last < right.last
    }
}
