// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import Build
import Dockerfile
import FoundationEssentials

extension Call {
    /// What standard output is to get and how the program is to end.
    struct Answer {
        var text: String
        /// Whether what was found asks for an exit code other than 0.
        var fails = false
        /// What is wrong with the file, for standard error.
        var error: BuildError?
    }

    /// Looks at the Dockerfile of a request and answers; nothing is built and no base is looked up.
    ///
    /// - Throws: ``BuildError``.
    func answer(_ request: BuildRequest) throws -> Answer {
        if method == .describe {
            return Answer(text: format == .json ? try Self.json(Subrequest.all) : Subrequest.table)
        }
        let file = try DockerfileText(request)
        switch method {
        case .check:
            return try answer(file.check(request))
        case .outline:
            let outline = try file.review(request).outline()
            return Answer(text: format == .json ? try Self.json(outline) : outline.text)
        default:
            let targets = try file.review(request).targets()
            return Answer(text: format == .json ? try Self.json(targets) : targets.text)
        }
    }

    private func answer(_ report: LintReport) throws -> Answer {
        let fails = report.fails && !ignoresStatus
        if format == .json { return Answer(text: try Self.json(report), fails: fails) }
        let error = report.error.map {
            BuildError.invalidDockerfile($0.rendered(fileName: report.fileName, source: report.source))
        }
        // As with buildx: how many there are comes first; that there are none, last.
        var text = report.text
        if report.hasWarnings {
            text = report.conclusion + "\n" + text
        } else if error == nil {
            text += report.conclusion + "\n"
        }
        return Answer(text: text, fails: fails, error: error)
    }

    private static func json(_ value: some Encodable) throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        return String(decoding: try encoder.encode(value), as: UTF8.self) + "\n"
    }
}

/// What BuildKit's front end calls the questions that it answers.
private struct Subrequest: Encodable {
    struct Named: Encodable {
        var name: String
        var description: String?
    }

    var name: String
    var version = "1.0.0"
    var type = "rpc"
    var description: String
    var opts: [Named] = []
    var metadata = [Named(name: "result.json"), Named(name: "result.txt")]

    static let all = [
        Subrequest(
            name: "frontend.outline", description: "List all parameters current build target supports",
            opts: [Named(name: "target", description: "Target build stage")]),
        Subrequest(name: "frontend.targets", description: "List all targets current build supports"),
        Subrequest(name: "frontend.lint", description: "Lint a Dockerfile"),
        Subrequest(name: "frontend.subrequests.describe", description: "List available subrequest types"),
    ]

    static var table: String {
        Columns.text(
            [["NAME", "VERSION", "DESCRIPTION"]]
                + all.map { [String($0.name.dropFirst("frontend.".count)), $0.version, $0.description] })
    }
}
