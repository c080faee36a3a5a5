// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

public import OCI

/// What the audit of one platform's image found.
public struct PlatformAudit: Sendable, Hashable {
    /// The platform that the image is for.
    public let platform: Platform
    /// The platform that was asked for; another one where the last stage has a platform of its own.
    var target: Platform?
    /// How many programs, libraries and scripts were looked at.
    public let fileCount: Int
    /// The errors first, then in the order of the layers and paths.
    public let findings: [AuditFinding]
    /// The layers that nobody has looked at, since their bytes are elsewhere.
    public let unreadLayers: [Digest]

    public var errors: [AuditFinding] { findings.filter { $0.severity == .error } }
    public var warnings: [AuditFinding] { findings.filter { $0.severity == .warning } }

    /// The audit in a word.
    public var outcome: AuditOutcome {
        if !errors.isEmpty { return .errors(errors.count) }
        return warnings.isEmpty
            ? .clean(files: fileCount, unreadLayers: unreadLayers.count) : .warnings(warnings.count)
    }
}

/// What the audit of an image came to.
public enum AuditOutcome: Sendable, Hashable {
    /// Nobody asked for one.
    case off
    /// Nothing was found in so many programs, libraries and scripts; some layers may not have been looked at.
    case clean(files: Int, unreadLayers: Int = 0)
    /// So many remarks.
    case warnings(Int)
    /// So many reasons not to publish it.
    case errors(Int)
}

extension AuditOutcome: CustomStringConvertible {
    /// As in a table: `ok (112 files)`, `3 warnings`.
    public var description: String {
        switch self {
        case .off: "off"
        case .clean(0, 0): "ok"
        case .clean(0, _): "not audited"
        case .clean(let files, 0): "ok (\(files) file\(files == 1 ? "" : "s"))"
        case .clean(let files, _): "ok (\(files) file\(files == 1 ? "" : "s"), base not audited)"
        case .warnings(let count): "\(count) warning\(count == 1 ? "" : "s")"
        case .errors(let count): "\(count) error\(count == 1 ? "" : "s")"
        }
    }
}
