// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

/// Findings for people: those that are alike, of which there may be thousands, are told by a few of them.
public struct AuditDigest: Sendable {
    /// So many alike are told one by one.
    private static let examples = 3

    /// One line.
    public struct Remark: Sendable, Hashable {
        public let text: String
        public let remedy: String?
        public let line: Int?
    }

    public let remarks: [Remark]

    private struct Likeness: Hashable {
        let kind: AuditFinding.Kind
        let layer: AuditFinding.LayerOrigin?
        let isProgram: Bool
    }

    public init(_ findings: [AuditFinding]) {
        var order: [Likeness] = []
        var groups: [Likeness: [AuditFinding]] = [:]
        for finding in findings {
            let likeness = Likeness(kind: finding.kind, layer: finding.layer, isProgram: finding.role != nil)
            if groups[likeness] == nil { order.append(likeness) }
            groups[likeness, default: []].append(finding)
        }
        remarks = order.flatMap { likeness -> [Remark] in
            let group = groups[likeness] ?? []
            // One more is told as quickly as that there is one more.
            let shown = group.count == Self.examples + 1 ? group.count : min(group.count, Self.examples)
            var remarks = group[..<shown].map { Remark(text: "\($0)", remedy: $0.remedy, line: $0.line) }
            if shown < group.count {
                let place = likeness.layer.map { " of \($0)" } ?? ""
                remarks.append(
                    Remark(
                        text: "\(group.count - shown) more files\(place) are like that", remedy: nil,
                        line: likeness.layer?.line))
            }
            return remarks
        }
    }
}
