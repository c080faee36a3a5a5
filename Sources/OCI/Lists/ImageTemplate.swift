// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

/// The pattern of names from which a list is made, as in `team/app-OS-ARCH-VARIANT:1.0`.
///
/// As manifest-tool's `from-args` does it: the first `ARCH`, then the first `OS`, then the first `VARIANT` give way to
/// what the platform says, letter for letter as it was written; a platform without a variant leaves nothing there.
public struct ImageTemplate: Hashable, Sendable {
    /// The pattern.
    public let text: String

    public init(_ text: String) { self.text = text }

    /// The name for one platform, which is not judged.
    ///
    /// - Throws: ``ListProblem/templatePlatform(_:)`` for what is not two or three words with `/` between.
    public func image(for platform: String) throws(OCIError) -> String {
        try source(for: platform).image
    }

    /// The source of a list for one platform.
    ///
    /// - Throws: ``ListProblem/templatePlatform(_:)``.
    public func source(for platform: String) throws(OCIError) -> ManifestSpec.Source {
        let parts = platform.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
        guard parts.count == 2 || parts.count == 3 else { throw .list(.templatePlatform(platform)) }
        let variant = parts.count == 3 ? parts[2] : ""
        var name = text
        for (word, value) in [("ARCH", parts[1]), ("OS", parts[0]), ("VARIANT", variant)] {
            name = Self.replacingFirst(word, in: name, by: value)
        }
        return ManifestSpec.Source(
            image: name,
            platform: SpecPlatform(os: parts[0], architecture: parts[1], variant: variant.isEmpty ? nil : variant))
    }

    private static func replacingFirst(_ word: String, in text: String, by value: String) -> String {
        guard let range = text.firstRange(of: word) else { return text }
        return text.replacingCharacters(of: range, by: value)
    }
}

extension String {
    fileprivate func replacingCharacters(of range: Range<Index>, by value: String) -> String {
        String(self[..<range.lowerBound]) + value + String(self[range.upperBound...])
    }
}
