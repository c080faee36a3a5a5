// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

/// Which image stands for a base image of some name, on all platforms or on one, as in
/// `alpine:*=registry.example/{alpine}/alpine:*`.
///
/// The name before the equals sign is compared with the short form of references (`alpine:3.20`); `*` is anything but a
/// slash, and a name without a tag is that name with any tag. `::PLATFORM` after it makes the rule one for that platform
/// alone. What follows the equals sign is the image: its stars are what those before it stood for, in their order, and
/// `{family}` is what that ``NamingFamily`` calls the platform. Without a tag it gets the tag that was asked for.
public struct BaseRule: Hashable, Sendable {
    /// The rule as it was written.
    public let text: String
    private let name: [Substring]
    private let tag: [Substring]?
    private let platform: Platform?
    private let parts: [Part]
    private let hasTag: Bool

    private enum Part: Hashable {
        case literal(String)
        case star
        case name(NamingFamily)
        case word(PlatformWord)
    }

    /// What stands for a part of the platform itself.
    private enum PlatformWord: String, CaseIterable {
        case architecture, variant
    }

    /// - Throws: ``OCIError/invalidBaseRule(_:reason:)``, ``OCIError/unknownPlatform(_:suggestion:)``.
    public init(_ text: String) throws(OCIError) {
        guard let equals = text.firstIndex(of: "=") else {
            throw .invalidBaseRule(text, reason: "it has no equals sign between the base's name and the image for it")
        }
        self.text = text
        var pattern = text[..<equals]
        if let separator = pattern.ranges(of: "::").last {
            platform = try Platform(String(pattern[separator.upperBound...]))
            pattern = pattern[..<separator.lowerBound]
        } else {
            platform = nil
        }
        for prefix in ["docker.io/library/", "docker.io/"] where pattern.hasPrefix(prefix) {
            pattern = pattern.dropFirst(prefix.count)
            break
        }
        let image = text[text.index(after: equals)...]
        guard !pattern.isEmpty, !image.isEmpty else {
            throw .invalidBaseRule(
                text, reason: "\(pattern.isEmpty ? "the base's name" : "the image for it") is missing")
        }
        let (name, tag) = Self.split(pattern)
        self.name = name.split(separator: "*", omittingEmptySubsequences: false)
        self.tag = tag.map { $0.split(separator: "*", omittingEmptySubsequences: false) }
        parts = try Self.parts(of: image, in: text)
        hasTag = Self.split(image).tag != nil || image.contains("@")
        let stars = self.name.count - 1 + (self.tag.map { $0.count - 1 } ?? 0)
        guard parts.count(where: { $0 == .star }) <= stars else {
            throw .invalidBaseRule(text, reason: "the image has more stars than the base's name")
        }
    }

    private static func split(_ text: Substring) -> (name: Substring, tag: Substring?) {
        guard let colon = text.lastIndex(of: ":"), !text[colon...].contains("/") else { return (text, nil) }
        return (text[..<colon], text[text.index(after: colon)...])
    }

    private static func parts(of image: Substring, in text: String) throws(OCIError) -> [Part] {
        var parts: [Part] = []
        var rest = image
        while let place = rest.firstIndex(where: { "*{".contains($0) }) {
            if place > rest.startIndex { parts.append(.literal(String(rest[..<place]))) }
            guard rest[place] == "{" else {
                parts.append(.star)
                rest = rest[rest.index(after: place)...]
                continue
            }
            guard let close = rest[place...].firstIndex(of: "}") else {
                throw .invalidBaseRule(text, reason: "a brace has no partner")
            }
            let word = String(rest[rest.index(after: place)..<close])
            if let family = NamingFamily(rawValue: word) {
                parts.append(.name(family))
            } else if let word = PlatformWord(rawValue: word) {
                parts.append(.word(word))
            } else {
                let known = PlatformWord.allCases.map(\.rawValue) + NamingFamily.allCases.map(\.rawValue)
                throw .invalidBaseRule(
                    text,
                    reason: "there is no placeholder {\(word)}, but {" + known.joined(separator: "}, {") + "}")
            }
            rest = rest[rest.index(after: close)...]
        }
        if !rest.isEmpty { parts.append(.literal(String(rest))) }
        return parts
    }

    /// The text of the image that stands for `reference` on `platform`; nil when the rule is not for it, or when a
    /// family has no name for the platform. A digest says exactly what is meant, so that no rule is for it.
    public func image(for reference: Reference, on platform: Platform) -> String? {
        guard reference.digest == nil, self.platform == nil || self.platform == platform else { return nil }
        let (name, tag) = Self.split(Substring(reference.familiar))
        guard var stars = Self.stars(in: name, self.name) else { return nil }
        if let pattern = self.tag {
            guard let more = Self.stars(in: tag ?? "latest", pattern) else { return nil }
            stars += more
        }
        var image = ""
        for part in parts {
            switch part {
            case .literal(let text): image += text
            case .star: image += stars.isEmpty ? "" : stars.removeFirst()
            case .word(.architecture): image += platform.architecture
            case .word(.variant): image += platform.variant ?? ""
            case .name(let family):
                guard let name = family.name(of: platform) else { return nil }
                image += name
            }
        }
        return hasTag ? image : image + (tag.map { ":\($0)" } ?? "")
    }

    /// What the stars between `pieces` stand for in `text`: each as little as can be, the last the rest.
    private static func stars(in text: Substring, _ pieces: [Substring]) -> [Substring]? {
        guard let first = pieces.first, let last = pieces.last, text.hasPrefix(first) else { return nil }
        guard pieces.count > 1 else { return text == first ? [] : nil }
        var rest = text.dropFirst(first.count)
        var stars: [Substring] = []
        for piece in pieces.dropFirst().dropLast() {
            guard let range = piece.isEmpty ? rest.startIndex..<rest.startIndex : rest.ranges(of: piece).first else {
                return nil
            }
            stars.append(rest[..<range.lowerBound])
            rest = rest[range.upperBound...]
        }
        guard rest.hasSuffix(last), rest.count >= last.count else { return nil }
        stars.append(rest.dropLast(last.count))
        return stars.contains { $0.contains("/") } ? nil : stars
    }
}

extension BaseRule {
    /// The rules that people had before lists, by the names that `--base` takes for them.
    ///
    /// - Returns: nil for other words.
    public static func preset(_ name: String) -> [BaseRule]? {
        let texts: [String]
        switch name {
        // Docker's official images, each architecture in a namespace of its own.
        case "docker-library": texts = ["*:*={dockerlib}/*:*"]
        // The images of the project multiarch, which are of 2018.
        case "multiarch":
            texts = [
                "alpine:edge=multiarch/alpine:{alpine}-edge", "alpine:latest=multiarch/alpine:{alpine}-latest-stable",
                "alpine:*=multiarch/alpine:{alpine}-v*", "ubuntu:*=multiarch/ubuntu-debootstrap:{debian}-*",
                "debian:*=multiarch/debian-debootstrap:{debian}-*",
            ]
        default: return nil
        }
        return texts.compactMap { try? BaseRule($0) }
    }

    /// The names of ``preset(_:)``.
    public static let presets = ["docker-library", "multiarch"]
}
