// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

/// Looks for what is wrong in a Dockerfile that builds all the same.
///
/// Rules are BuildKit's, by its names and in its words, and some of our own about building for several platforms; see
/// LintRule/all. Nothing is read and nothing is looked up here.
public struct Linter: Sendable {
    private let dockerfile: Dockerfile
    private let options: LintOptions

    /// A linter that does what `options` say.
    public init(_ dockerfile: Dockerfile, options: LintOptions) {
        self.dockerfile = dockerfile
        self.options = options
    }

    /// A linter that does what the file's `check` directive says, or else `buildValue` (`BUILDKIT_DOCKERFILE_CHECK`).
    ///
    /// - Throws: DockerfileError when the options cannot be read.
    public init(_ dockerfile: Dockerfile, buildValue: String? = nil) throws(DockerfileError) {
        self.init(dockerfile, options: try LintOptions(for: dockerfile, buildValue: buildValue))
    }

    /// What was found, by line; each thing once, however many platforms there are.
    public func diagnostics(_ context: LintContext = LintContext()) -> [Diagnostic] {
        let scan = LintScan(dockerfile, context: context)
        let skips = StatementSkips(dockerfile)
        var seen: Set<Diagnostic> = []
        var found: [(offset: Int, diagnostic: Diagnostic)] = []
        for rule in LintRule.all where options.runs(rule) {
            for diagnostic in rule.check(scan) where !skips.skip(diagnostic) {
                if seen.insert(diagnostic).inserted { found.append((found.count, diagnostic)) }
            }
        }
        return found.sorted {
            ($0.diagnostic.lines.lowerBound, $0.offset) < ($1.diagnostic.lines.lowerBound, $1.offset)
        }.map(\.diagnostic)
    }

    /// What was found, with all that is needed to show it.
    ///
    /// - Parameter fileName: The Dockerfile's name as the person wrote it.
    public func report(_ context: LintContext = LintContext(), fileName: String = "Dockerfile") -> LintReport {
        let found = diagnostics(context)
        let failing = options.failsOnFindings ? found.filter(Self.canFail) : []
        return LintReport(
            fileName: fileName, source: dockerfile.lines,
            findings: found.map { LintFinding($0, isError: options.failsOnFindings && Self.canFail($0)) },
            failure: LintFailure(failing))
    }

    /// Whether `error=true` makes it an error. A file that says so and passes BuildKit's rules is to build here, too, so
    /// what our own rules find never is one.
    private static func canFail(_ diagnostic: Diagnostic) -> Bool {
        LintRule.named(diagnostic.rule)?.kind == .buildkit
    }
}

/// `# check=skip=…` comments directly above an instruction.
private struct StatementSkips {
    /// The first and last line of each instruction that has such a comment, in order, with its options.
    private var statements: [(lines: ClosedRange<Int>, skipped: LintOptions.Selection)] = []

    init(_ dockerfile: Dockerfile) {
        var all = dockerfile.globalArguments.map(\.lines)
        for stage in dockerfile.stages {
            all.append(stage.lines)
            all += stage.instructions.map(\.lines)
        }
        for lines in all {
            var skipped: LintOptions.Selection = .named([])
            for comment in dockerfile.comments(above: lines.lowerBound) {
                guard let (name, value) = Directives.directive(in: "#" + comment), name == "check",
                    let options = try? LintOptions(parsing: value)
                else { continue }
                skipped.formUnion(options.skipped)
            }
            if skipped != .named([]) { statements.append((lines, skipped)) }
        }
    }

    func skip(_ diagnostic: Diagnostic) -> Bool {
        let line = diagnostic.lines.lowerBound
        var low = 0
        var high = statements.count
        while low < high {
            let middle = (low + high) / 2
            if statements[middle].lines.upperBound < line { low = middle + 1 } else { high = middle }
        }
        guard low < statements.count, statements[low].lines.contains(line) else { return false }
        return statements[low].skipped.contains(diagnostic.rule)
    }
}

extension Dockerfile {
    /// The comment lines directly above a line, without `#`, from the top down; directives are none.
    func comments(above line: Int) -> [Substring] {
        var found: [Substring] = []
        var number = line - 1
        while number >= 1, number <= lines.count {
            let text = lines[number - 1].trimmed
            guard text.unicodeScalars.first == "#", !directives.lines.values.contains(number) else { break }
            found.append(text.dropFirst().trimmed)
            number -= 1
        }
        return found.reversed()
    }
}
