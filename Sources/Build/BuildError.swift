// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

public import Diagnosis
public import Dockerfile
public import OCI

/// Why a build cannot begin or go on.
public enum BuildError: Error, Sendable {
    /// The context, or something in it, cannot be read.
    case unreadableContext(String, reason: String, remedy: String? = nil)
    /// There is no Dockerfile where one was looked for.
    case missingDockerfile(String)
    /// The Dockerfile says something that cannot be done; the text is whole, with the place in it.
    case invalidDockerfile(String)
    /// The linter found something and the Dockerfile, or who builds, wants that to be an error.
    case lintViolation(LintFailure)
    /// `--target` names no stage.
    case unknownTarget(String, stages: [String])
    /// Base images that are not to be had for a platform; all of them.
    case unavailableBases([UnavailableBase])
    /// An instruction failed for a reason that is no command's exit status.
    case step(BuildStep, platform: Platform?, line: Int, reason: String, remedy: String?)
    /// A RUN command ended with a status other than 0, for a reason that is known or not.
    case command(BuildStep, platform: Platform, line: Int, status: String, explanation: Explanation? = nil)
    /// Tests failed in finished images; all that did.
    case tests([SmokeTestFailure])
    /// Platforms that could not be built, and the images of the others, which are in the store and nowhere else.
    case platforms([FailedPlatform], built: [BuildSummary.Image])
    /// Finished images hold what their platforms do not run; all of them.
    case audit([PlatformAudit])
    /// The result cannot go where it should.
    case output(String, remedy: String?)
}

/// A base image that lacks a platform, or is not there at all.
public struct UnavailableBase: Error, Sendable, Hashable {
    public var reference: Reference
    public var platform: Platform
    /// The platforms that it has; empty when that is not known.
    public var available: [Platform]
    /// What the registry said, when the reason is not the platform.
    public var reason: String?
    /// What to do about that reason.
    public var remedy: String?
    /// The Dockerfile line that names it.
    public var line: Int?

    public init(
        reference: Reference, platform: Platform, available: [Platform], reason: String? = nil,
        remedy: String? = nil, line: Int? = nil
    ) {
        self.reference = reference
        self.platform = platform
        self.available = available
        self.reason = reason
        self.remedy = remedy
        self.line = line
    }
}

extension BuildError: CustomStringConvertible {
    public var description: String {
        switch self {
        case .unreadableContext(let path, let reason, _): "cannot read the build context \(path): \(reason)"
        case .missingDockerfile(let place): "there is no Dockerfile \(place)"
        case .invalidDockerfile(let text): text
        case .lintViolation(let failure): failure.description
        case .unknownTarget(let name, let stages):
            "no stage is called \"\(name)\"" + (stages.isEmpty ? "" : " (there are: \(stages.joined(separator: ", ")))")
        case .unavailableBases(let bases): Self.sentence(on: bases)
        case .step(let step, let platform, let line, let reason, _):
            "\(platform.map { "\($0): " } ?? "")line \(line): \(step.title): \(reason)"
        case .command(let step, let platform, let line, _, _):
            "\(platform): line \(line): \(step.title): \(reason)"
        case .tests(let failures): failures.map(\.description).joined(separator: "\n")
        case .platforms(let failed, let built): Self.sentence(on: failed, built)
        case .audit(let audits): Self.sentence(on: audits)
        case .output(let text, _): text
        }
    }

    /// What to do about it.
    public var remedy: String? {
        switch self {
        case .missingDockerfile: "name the file with --file, or the directory that holds it"
        case .unreadableContext(_, _, let remedy): remedy
        case .unavailableBases(let bases) where bases.contains { !$0.available.isEmpty }:
            "leave these platforms out of --platform, or choose a base that has them"
        case .unavailableBases(let bases): bases.lazy.compactMap(\.remedy).first
        case .lintViolation(let failure): failure.remedy
        case .platforms: "mend what failed and build again: the steps that are done are not done again"
        case .audit(let audits): Self.remedy(for: audits)
        case .step(_, _, _, _, let remedy), .output(_, let remedy): remedy
        case .tests(let failures): failures.lazy.compactMap(\.remedy).first
        case .command(_, _, _, _, let explanation): explanation?.remedy
        default: nil
        }
    }

    /// Why a command failed, when that is known.
    public var explanation: Explanation? {
        if case .command(_, _, _, _, let explanation) = self { explanation } else { nil }
    }

    /// What went wrong, without where.
    var reason: String {
        switch self {
        case .step(_, _, _, let reason, _): reason
        case .command(_, _, _, let status, let explanation): status + (explanation.map { ": \($0.sentence)" } ?? "")
        default: description
        }
    }

    /// The step that failed, when one did.
    public var step: BuildStep? {
        switch self {
        case .step(let step, _, _, _, _), .command(let step, _, _, _, _): step
        case .tests(let failures): failures.first?.step
        default: nil
        }
    }

    /// All steps that failed, where several may.
    public var steps: [BuildStep] {
        if case .tests(let failures) = self { return failures.map(\.step) }
        return step.map { [$0] } ?? []
    }

    private static func sentence(on failed: [FailedPlatform], _ built: [BuildSummary.Image]) -> String {
        var lines = ["\(failed.count) of \(failed.count + built.count) platforms failed, and nothing is published:"]
        for failure in failed {
            let reason = failure.reason.split(separator: "\n").joined(separator: "; ")
            lines.append("  \(failure.platform): \(failure.isOptional ? "(optional) " : "")\(reason)")
        }
        for image in built { lines.append("  \(image.platform): built, and kept in the store as \(image.digest)") }
        return lines.joined(separator: "\n")
    }

    private static func sentence(on audits: [PlatformAudit]) -> String {
        audits.flatMap { audit in
            AuditDigest(audit.errors).remarks.map { remark in
                "\(audit.platform): \(remark.line.map { "line \($0): " } ?? "")\(remark.text)"
            }
        }.joined(separator: "\n")
    }

    private static func remedy(for audits: [PlatformAudit]) -> String {
        let errors = audits.flatMap(\.errors)
        var remedies: [String] = []
        for remedy in errors.compactMap(\.remedy) where !remedies.contains(remedy) { remedies.append(remedy) }
        if remedies.isEmpty { remedies = ["nothing was published"] }
        let allowed = errors.first?.path.map { "; if it is meant to be so: --audit-allow \($0), or --audit=warn" } ?? ""
        return remedies.prefix(3).joined(separator: "\n  ") + allowed
    }

    private static func sentence(on bases: [UnavailableBase]) -> String {
        var lines: [String] = []
        for base in bases {
            let place = base.line.map { "line \($0): " } ?? ""
            if let reason = base.reason {
                lines.append("\(place)cannot resolve \(base.reference.familiar) for \(base.platform): \(reason)")
            } else {
                let list = base.available.map(\.description).joined(separator: ", ")
                lines.append(
                    "\(place)\(base.reference.familiar) has no image for \(base.platform)"
                        + (list.isEmpty ? "" : "; it has \(list)"))
            }
        }
        return lines.joined(separator: "\n")
    }
}
