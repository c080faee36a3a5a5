// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

/// A platform that a person asked for, with a note when the word means different things to different people.
///
/// More lenient than ``GivenPlatform``, because nothing is published under a name that was guessed: what is built or
/// chosen here says what it is.
public struct AskedPlatform: Hashable, Sendable {
    /// What is meant.
    public let platform: Platform
    /// How an ambiguous word was read, and what to write for its other meanings.
    public let note: String?

    /// Reads what ``Platform/init(_:)`` reads, and `x86`.
    ///
    /// - Throws: ``OCIError/unknownPlatform(_:suggestion:)``.
    public init(_ text: String) throws(OCIError) {
        var parts = text.lowercased().split(separator: "/", omittingEmptySubsequences: false).map(String.init)
        let place = parts.count == 1 ? 0 : 1
        // A variant has said which one is meant.
        guard (1...2).contains(parts.count), let reading = Self.readings[parts[place]] else {
            (platform, note) = (try Platform(text), nil)
            return
        }
        parts[place] = reading.architecture
        if let variant = reading.variant { parts.append(variant) }
        if place == 0 { parts.insert("linux", at: 0) }
        let platform = try Platform(parts.joined(separator: "/"))
        self.platform = platform
        note = "\"\(text)\" is read as \(platform), \(reading.reason)"
    }

    private static let readings: [String: (architecture: String, variant: String?, reason: String)] = [
        "armhf": ("arm", "v7", "as Debian means it; Alpine and Raspbian mean linux/arm/v6"),
        "armel": ("arm", "v6", "as clients read it; Debian's armel runs on linux/arm/v5"),
        "arm32": (
            "arm", "v7", "as clients read an arm without a variant; older boards need linux/arm/v6 or linux/arm/v5"
        ),
        // An image for 386 runs on both; and as the name of an architecture that is what distributions mean.
        "x86": ("386", nil, "as Alpine and Windows mean it; 64-bit machines are linux/amd64"),
    ]
}
