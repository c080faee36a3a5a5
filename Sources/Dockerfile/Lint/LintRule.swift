// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

/// One thing that the linter looks for.
public struct LintRule: Sendable {
    /// Whose rule it is.
    public enum Kind: String, Hashable, Sendable {
        /// BuildKit has it under the same name, with the same message.
        case buildkit
        /// It is about what goes wrong across platforms, or about this builder.
        case own
    }

    /// How bad a finding is.
    public enum Severity: String, Hashable, Sendable, Codable {
        /// It could be better.
        case info
        /// It is probably wrong.
        case warning
        /// It fails the build: a finding of BuildKit's rules where the options say `error=true`.
        case error
    }

    /// The name, as `skip=` and reports have it.
    public let name: String
    /// What it finds, in one sentence.
    public let summary: String
    public let kind: Kind
    public let severity: Severity
    /// Whether it runs only when `experimental=` asks for it.
    public let isExperimental: Bool
    let check: @Sendable (LintScan) -> [Diagnostic]

    init(
        _ name: String, _ summary: String, kind: Kind = .buildkit, severity: Severity = .warning,
        isExperimental: Bool = false, check: @escaping @Sendable (LintScan) -> [Diagnostic]
    ) {
        self.name = name
        self.summary = summary
        self.kind = kind
        self.severity = severity
        self.isExperimental = isExperimental
        self.check = check
    }

    /// The page about it in this project.
    public var page: String { "docs/lint/\(name).md" }

    /// Where to read more: what BuildKit prints for its rules, the page in this project for the others.
    public var url: String {
        switch kind {
        case .buildkit: "https://docs.docker.com/go/dockerfile/rule/\(Self.hyphenated(name))/"
        case .own: page
        }
    }

    /// `JSONArgsRecommended` as `json-args-recommended`.
    private static func hyphenated(_ name: String) -> String {
        let scalars = Scalars(name.unicodeScalars)
        var result = ""
        for (index, scalar) in scalars.enumerated() {
            let isUpper = ("A"..."Z").contains(scalar)
            if isUpper, index > 0 {
                let beginsWord = index + 1 < scalars.count && ("a"..."z").contains(scalars[index + 1])
                if beginsWord || ("a"..."z").contains(scalars[index - 1]) { result += "-" }
            }
            result += String(scalar).lowercased()
        }
        return result
    }
}

extension LintRule {
    /// Every rule, BuildKit's first.
    public static let all: [LintRule] = [
        stageNameCasing, fromAsCasing, noEmptyContinuation, consistentInstructionCasing, duplicateStageName,
        reservedStageName, jsonArgsRecommended, maintainerDeprecated, undefinedArgInFrom, workdirRelativePath,
        undefinedVar, multipleInstructionsDisallowed, legacyKeyValueFormat, invalidBaseImagePlatform,
        redundantTargetPlatform, secretsUsedInArgOrEnv, invalidDefaultArgInFrom, fromPlatformFlagConstDisallowed,
        copyIgnoredFile, invalidDefinitionDescription, exposeProtoCasing, exposeInvalidFormat,
        unknownSyntaxDirective, qemuInImage, hardcodedArchitecture, archPrefixedBase, couldCrossCompile,
        crossTemplateOrder,
    ]

    /// The rule of that name.
    public static func named(_ name: String) -> LintRule? { all.first { $0.name == name } }
}
