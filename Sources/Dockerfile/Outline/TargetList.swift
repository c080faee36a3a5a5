// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

/// The stages that can be built.
///
/// `--call=targets` of `docker buildx build` shows it; the JSON has the shape of BuildKit's.
public struct TargetList: Sendable, Hashable {
    public struct Target: Sendable, Hashable {
        /// Nil when it has none.
        public let name: String?
        /// What the comment above says.
        public let description: String?
        /// Whether it is built when none is named.
        public let isDefault: Bool
        /// What it starts from, as it is written.
        public let base: String
        public let platform: String?
        public let lines: ClosedRange<Int>
    }

    /// In the order of the file.
    public let targets: [Target]
    /// The text of the file.
    public let source: String

    public init(_ dockerfile: Dockerfile) {
        targets = dockerfile.stages.map { stage in
            Target(
                name: stage.name, description: stage.documentation,
                isDefault: stage.index == dockerfile.stages.count - 1, base: stage.baseName, platform: stage.platform,
                lines: stage.lines)
        }
        source = dockerfile.lines.joined(separator: "\n")
    }

    /// The list as a table, in the form of `docker buildx build --call=targets`.
    public var text: String {
        Columns.text(
            [["TARGET", "DESCRIPTION"]]
                + targets.map { target in
                    let words = [target.name, target.isDefault ? "(default)" : nil].compactMap { $0 }
                    return [words.joined(separator: " "), target.description ?? ""]
                })
    }
}

extension TargetList: Encodable {
    private enum CodingKeys: String, CodingKey {
        case targets, sources
    }

    private struct Stage: Encodable {
        var name: String?
        var `default`: Bool?
        var description: String?
        var base: String
        var platform: String?
        var location: SourceLocation
    }

    /// In the shape of BuildKit's `targets` result.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        let stages = targets.map {
            Stage(
                name: $0.name, default: $0.isDefault ? true : nil, description: $0.description, base: $0.base,
                platform: $0.platform, location: SourceLocation($0.lines))
        }
        try container.encode(stages, forKey: .targets)
        try container.encode([Base64.encoded(source)], forKey: .sources)
    }
}
