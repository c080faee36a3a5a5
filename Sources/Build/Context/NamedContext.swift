// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

public import OCI

/// A name that FROM, COPY --from and RUN --mount may use, and that goes before stages and images: `--build-context`.
public struct NamedContext: Sendable, Hashable {
    /// What a name stands for.
    public enum Source: Sendable, Hashable {
        /// Nothing at all, as FROM scratch.
        case scratch
        /// Files.
        case directory(ContextDirectory)
        /// An image of a registry or the store.
        case image(Reference)
        /// An image of a layout on this machine.
        case layout(OCILayoutSource)
    }

    /// The name as it was given.
    public let name: String
    public let source: Source
    let key: ContextKey

    /// - Throws: ``OCIError`` when a platform after `::` in the name is none.
    public init(name: String, source: Source) throws(OCIError) {
        self.name = name
        self.source = source
        self.key = try ContextKey(parsing: name)
    }
}

/// How names of contexts are compared: without case, images by their full names, `latest` being no tag.
struct ContextKey: Hashable, Sendable {
    var name: String
    /// The only platform that it is meant for, as in `base::linux/arm64`.
    var platform: Platform?

    init(name: String, platform: Platform?) {
        self.name = Self.normal(name)
        self.platform = platform
    }

    init(parsing text: String) throws(OCIError) {
        guard let separator = text.ranges(of: "::").last else {
            self.init(name: text, platform: nil)
            return
        }
        self.init(
            name: String(text[..<separator.lowerBound]), platform: try Platform(String(text[separator.upperBound...])))
    }

    private static func normal(_ name: String) -> String {
        // Only tags know upper case.
        var end = name.endIndex
        if let at = name.firstIndex(of: "@") { end = at }
        if let colon = name[..<end].lastIndex(of: ":"), !name[colon..<end].contains("/") { end = colon }
        let folded = name[..<end].lowercased() + name[end...]
        guard let reference = try? Reference(folded) else { return folded }
        let familiar = reference.familiar
        return reference.digest == nil && reference.tag == "latest"
            ? String(familiar.dropLast(":latest".count)) : familiar
    }
}

/// The named contexts of a build.
struct ContextNames: Sendable {
    private let contexts: [ContextKey: NamedContext]

    /// Of equal names the last counts.
    init(_ contexts: [NamedContext]) {
        self.contexts = Dictionary(contexts.map { ($0.key, $0) }) { $1 }
    }

    /// What a name stands for on a platform: a context for that platform alone goes before one for all.
    func context(_ name: String, for platform: Platform) -> NamedContext? {
        if contexts.isEmpty { return nil }
        let key = ContextKey(name: name, platform: platform)
        return contexts[key] ?? contexts[ContextKey(name: name, platform: nil)]
    }
}
