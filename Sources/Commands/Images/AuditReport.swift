// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import Build
import OCI

/// What `manifold audit` tells; encoded as `--json` prints it.
struct AuditReport: Encodable {
    let name: String
    let digest: Digest
    /// Whether there are no errors and everything could be read.
    let ok: Bool
    let platforms: [Row]

    struct Row: Encodable {
        let platform: String
        let digest: Digest
        let ok: Bool
        /// How many programs, libraries and scripts were looked at.
        var files: Int?
        var findings: [Finding] = []
        /// The layers that nobody may hand out.
        var unreadLayers: [Digest]?
        /// Why it could not be read.
        var reason: String?
        var remedy: String?
    }

    struct Finding: Encodable {
        let severity: AuditFinding.Severity
        let kind: AuditFinding.Kind
        let path: String?
        let role: String?
        let message: String
        let remedy: String?
        let layer: Digest?
        let instruction: String?
    }

    private let outcomes: [ImageAuditor.Outcome]

    private enum CodingKeys: CodingKey { case name, digest, ok, platforms }

    init(name: String, digest: Digest, _ outcomes: [ImageAuditor.Outcome]) {
        self.name = name
        self.digest = digest
        self.outcomes = outcomes
        platforms = outcomes.map(Row.init)
        ok = platforms.allSatisfy(\.ok)
    }

    /// Whether something could not be looked at for want of its bytes.
    var isUnreadable: Bool { platforms.contains { $0.reason != nil } }

    /// The findings of each platform, those that are alike by a few, then a line for each platform.
    var text: String {
        var text = ""
        var table = TextTable("PLATFORM", "DIGEST", "FILES", "RESULT")
        for (row, outcome) in zip(platforms, outcomes) {
            switch outcome.result {
            case .success(let audit):
                text += Self.lines("error", audit.errors, row.platform)
                text += Self.lines("warning", audit.warnings, row.platform)
                table.add(row.platform, row.digest.short, "\(audit.fileCount)", Self.words(audit))
            case .failure:
                text += "error: \(row.platform): \(SafeText.singleLine(row.reason ?? ""))\n"
                if let remedy = row.remedy { text += "  \(SafeText.singleLine(remedy))\n" }
                table.add(row.platform, row.digest.short, "-", "UNREADABLE")
            }
        }
        return text + table.text
    }

    var json: String {
        get throws { try ImageDescription.json(self) }
    }

    private static func words(_ audit: PlatformAudit) -> String {
        let counts = [(audit.errors.count, "error"), (audit.warnings.count, "warning")].filter { $0.0 > 0 }
            .map { "\($0) \($1)\($0 == 1 ? "" : "s")" }
        return counts.isEmpty ? "ok" : counts.joined(separator: ", ")
    }

    private static func lines(_ word: String, _ findings: [AuditFinding], _ platform: String) -> String {
        AuditDigest(findings).remarks.map { remark in
            "\(word): \(platform): \(SafeText.singleLine(remark.text))\n"
                + (remark.remedy.map { "  \(SafeText.singleLine($0))\n" } ?? "")
        }.joined()
    }
}

extension AuditReport.Row {
    init(_ outcome: ImageAuditor.Outcome) {
        platform = outcome.platform.description
        digest = outcome.digest
        switch outcome.result {
        case .success(let audit):
            ok = audit.errors.isEmpty
            files = audit.fileCount
            findings = audit.findings.map(AuditReport.Finding.init)
            unreadLayers = audit.unreadLayers.isEmpty ? nil : audit.unreadLayers
        case .failure(let error):
            ok = false
            reason = "\(error)"
            remedy = Remedy.of(error)
        }
    }
}

extension AuditReport.Finding {
    init(_ finding: AuditFinding) {
        severity = finding.severity
        kind = finding.kind
        path = finding.path
        role = finding.role
        message = finding.description
        remedy = finding.remedy
        layer = finding.layer?.diffID
        instruction = finding.layer?.instruction
    }
}
