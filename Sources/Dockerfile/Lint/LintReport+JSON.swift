// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

extension LintReport: Encodable {
    private enum CodingKeys: String, CodingKey {
        case warnings, sources, buildError
    }

    private struct Warning: Encodable {
        var ruleName: String
        var description: String
        var url: String
        var detail: String
        var severity: LintRule.Severity
        var location: SourceLocation
    }

    private struct Source: Encodable {
        var filename: String
        var language = "Dockerfile"
        var data: String
    }

    private struct BuildError: Encodable {
        var message: String
        var location: SourceLocation?
    }

    /// In the shape of BuildKit's `lint` result, with the severity of each finding beside it.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        let warnings = findings.map { finding in
            Warning(
                ruleName: finding.rule, description: finding.summary, url: finding.url, detail: finding.message,
                severity: finding.severity, location: SourceLocation(finding.firstLine...finding.lastLine))
        }
        try container.encode(warnings, forKey: .warnings)
        let data = Base64.encoded(source.joined(separator: "\n"))
        try container.encode([Source(filename: fileName, data: data)], forKey: .sources)
        if let error {
            try container.encode(
                BuildError(message: error.sentence, location: error.lines.map { SourceLocation($0) }),
                forKey: .buildError)
        }
    }
}
