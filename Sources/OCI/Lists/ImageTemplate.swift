// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

/// The pattern of names from which a list is made, as in `team/app-OS-ARCH-VARIANT:1.0`.
///
/// As manifest-tool's `from-args` does it: `OS`, `ARCH` and `VARIANT` give way to what the platform says, letter for letter
/// as it was written. Unlike there, every one of them does, and not only the first; and where a platform has no variant,
/// the separator before it goes, too: the name would not be one with it.
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
        let words = [("VARIANT", variant), ("ARCH", parts[1]), ("OS", parts[0])]
        var name = ""
        var rest = text[...]
        // In one pass, so that what a word brings is not looked at again.
        while let first = rest.first {
            guard let (word, value) = words.first(where: { rest.hasPrefix($0.0) }) else {
                name.append(first)
                rest = rest.dropFirst()
                continue
            }
            if value.isEmpty, let last = name.last, "-_.".contains(last) { name.removeLast() }
            name += value
            rest = rest.dropFirst(word.count)
        }
        return ManifestSpec.Source(
            image: name,
            platform: SpecPlatform(os: parts[0], architecture: parts[1], variant: variant.isEmpty ? nil : variant))
    }
}
