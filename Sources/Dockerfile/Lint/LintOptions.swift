// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import OCI

/// Which rules run, and whether what they find fails the build: `skip=A,B|all;error=true;experimental=C|all`.
public struct LintOptions: Hashable, Sendable {
    /// Some rules, or all of them.
    public enum Selection: Hashable, Sendable {
        case all
        case named(Set<String>)

        /// Whether the rule of that name is meant.
        public func contains(_ name: String) -> Bool {
            switch self {
            case .all: true
            case .named(let names): names.contains(name)
            }
        }

        mutating func formUnion(_ other: Selection) {
            if case .named(var names) = self, case .named(let others) = other {
                self = .named([])
                names.formUnion(others)
                self = .named(names)
            } else {
                self = .all
            }
        }

        init(_ value: Substring) {
            let names = value.utf8.split(separator: UInt8(ascii: ",")).map { String(Substring($0).trimmed) }
            self = names == ["all"] ? .all : .named(Set(names))
        }
    }

    /// Rules that don't run.
    public var skipped: Selection = .named([])
    /// Experimental rules that do run.
    public var experimental: Selection = .named([])
    /// Whether findings are errors.
    public var failsOnFindings = false

    public init() {}

    /// Parses the value of a `check` directive or of `BUILDKIT_DOCKERFILE_CHECK`.
    ///
    /// - Throws: DockerfileError without lines.
    public init(parsing text: String) throws(DockerfileError) {
        for part in text.utf8.split(separator: UInt8(ascii: ";")) {
            let option = Substring(part).trimmed
            if option.isEmpty { continue }
            let (key, value) = option.cut(at: "=")
            guard let value = value?.trimmed else {
                throw DockerfileError(
                    "invalid check option \(GoQuoting.quoted(String(option)))", culprit: String(option))
            }
            switch key.trimmed {
            case "skip": skipped = Selection(value)
            case "experimental": experimental = Selection(value)
            case "error":
                guard let flag = Self.flags[value.lowercased()] else {
                    throw DockerfileError(
                        "failed to parse check option \(GoQuoting.quoted(String(option))): it is true or false",
                        culprit: String(option))
                }
                failsOnFindings = flag
            default:
                throw DockerfileError(
                    "invalid check option \(GoQuoting.quoted(String(key.trimmed)))", culprit: String(option),
                    suggestion: Spelling.nearest(to: String(key.trimmed), among: ["skip", "experimental", "error"]))
            }
        }
    }

    /// The options for one file: those given for the build when there are any, else those of its `check` directive.
    ///
    /// - Throws: DockerfileError, with the directive's line when it is to blame.
    public init(for dockerfile: Dockerfile, buildValue: String? = nil) throws(DockerfileError) {
        if let buildValue {
            try self.init(parsing: buildValue)
            return
        }
        do throws(DockerfileError) {
            try self.init(parsing: dockerfile.directives.check ?? "")
        } catch {
            throw dockerfile.directives.lines["check"].map { error.at($0...$0) } ?? error
        }
    }

    /// Whether a rule is to run.
    public func runs(_ rule: LintRule) -> Bool {
        guard rule.isExperimental else { return !skipped.contains(rule.name) }
        // "skip=all;experimental=X" runs X, as in BuildKit.
        if case .named(let names) = skipped, names.contains(rule.name) { return false }
        return experimental.contains(rule.name)
    }

    private static let flags = ["1": true, "t": true, "true": true, "0": false, "f": false, "false": false]
}
