// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import OCI

/// A name with placeholders, as in `registry.example/me/app:{version}-{arch}`.
struct NameTemplate: Hashable {
    /// The name as it was written.
    let text: String
    private let parts: [Part]

    private enum Part: Hashable {
        case literal(String)
        case placeholder(Placeholder)
    }

    /// What a placeholder stands for.
    struct Placeholder: Hashable {
        let kind: Kind
        /// What follows the colon.
        let argument: String?
        /// As it was written.
        let source: String
    }

    /// The words between braces.
    enum Kind: String, CaseIterable {
        case arch, architecture, os, variant, platform
        case version, date, build
        case gitShort = "git.short"
        case gitCommit = "git.commit"
        case gitBranch = "git.branch"
        case gitTag = "git.tag"
        case gitDescribe = "git.describe"

        /// Whether it is another word for each platform.
        var isOfPlatform: Bool {
            switch self {
            case .arch, .architecture, .os, .variant, .platform: true
            default: false
            }
        }

        static var list: String { allCases.map { "{\($0.rawValue)}" }.joined(separator: ", ") }
    }

    /// Takes a name apart.
    ///
    /// - Parameter flag: where it was given, for messages.
    /// - Throws: ``CommandError`` for a placeholder that there is not.
    init(_ text: String, flag: String) throws {
        self.text = text
        var parts: [Part] = []
        var rest = Substring(text)
        while let open = rest.firstIndex(where: { $0 == "{" || $0 == "}" }) {
            if open > rest.startIndex { parts.append(.literal(String(rest[..<open]))) }
            guard rest[open] == "{", let close = rest[open...].firstIndex(of: "}") else {
                throw CommandError(
                    "\(flag) \(text): a brace has no partner", remedy: "placeholders are \(Kind.list)")
            }
            parts.append(.placeholder(try Self.placeholder(rest[rest.index(after: open)..<close], flag, text)))
            rest = rest[rest.index(after: close)...]
        }
        if !rest.isEmpty { parts.append(.literal(String(rest))) }
        self.parts = parts
    }

    private static func placeholder(_ words: Substring, _ flag: String, _ text: String) throws -> Placeholder {
        let pieces = words.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
        let name = pieces.first ?? ""
        guard let kind = Kind(rawValue: name) else {
            let nearest = Spelling.nearest(to: name, among: Kind.allCases.map(\.rawValue))
            throw CommandError(
                "\(flag) \(text): there is no placeholder {\(name)}",
                remedy: (nearest.map { "did you mean {\($0)}? " } ?? "") + "There are: \(Kind.list)")
        }
        guard pieces.count == 1 || kind == .date else {
            throw CommandError("\(flag) \(text): {\(name)} has nothing after it", remedy: "write {\(name)}")
        }
        return Placeholder(kind: kind, argument: pieces.count == 2 ? pieces[1] : nil, source: "{\(words)}")
    }

    /// The placeholders, in their order.
    var placeholders: [Placeholder] {
        parts.compactMap { if case .placeholder(let placeholder) = $0 { placeholder } else { nil } }
    }

    /// Whether each platform has a name of its own.
    var isOfPlatform: Bool { placeholders.contains { $0.kind.isOfPlatform } }

    /// The name.
    ///
    /// A placeholder that stands for nothing, as {variant} often does, takes the separator before it along.
    func filled(_ value: (Placeholder) throws -> String) rethrows -> String {
        var name = ""
        for part in parts {
            switch part {
            case .literal(let text): name += text
            case .placeholder(let placeholder):
                let text = try value(placeholder)
                if text.isEmpty, let last = name.last, "-_.".contains(last) { name.removeLast() }
                name += text
            }
        }
        return name
    }
}

extension NameTemplate.Kind {
    /// What it stands for on a platform; empty for others than ``isOfPlatform``.
    func value(for platform: Platform) -> String {
        switch self {
        // As Docker's official images call it (docker-library/official-images, "Architectures other than amd64").
        case .arch: Self.officialName(platform) ?? platform.architecture + (platform.variant ?? "")
        case .architecture: platform.architecture
        case .os: platform.os
        case .variant: platform.variant ?? ""
        case .platform: platform.description.split(separator: "/").joined(separator: "-")
        default: ""
        }
    }

    /// Nil for variants that official images have none for: two platforms are not to share a name.
    private static func officialName(_ platform: Platform) -> String? {
        ArchitectureNames.names(of: platform).flatMap { $0.variant == platform.variant ? $0.imagePrefix : nil }
    }
}
