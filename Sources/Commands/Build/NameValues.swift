// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import Build
import Glibc
import OCI
import SystemPackage

/// What the placeholders of names stand for in one build.
struct NameValues {
    private let environment: Environment
    let platforms: [Platform]
    /// Seconds since 1970.
    private let time: Int64
    private let git: [NameTemplate.Kind: String]

    /// Finds out what the placeholders of some names stand for; git is asked only when one needs it.
    ///
    /// - Parameters:
    ///   - texts: all names of the build.
    ///   - directory: where git is asked.
    /// - Throws: ``CommandError`` for a placeholder that there is not.
    init(
        for texts: [String], platforms: [Platform], directory: FilePath, time: Int64?, in environment: Environment
    ) async throws {
        self.environment = environment
        self.platforms = platforms
        self.time = time ?? Int64(Glibc.time(nil))
        var git: [NameTemplate.Kind: String] = [:]
        for text in texts {
            for kind in try NameTemplate(text, flag: "--tag").placeholders.map(\.kind) where git[kind] == nil {
                guard let question = kind.gitQuestion else { continue }
                git[kind] = await GitCheckout.answer(question, in: directory)
            }
        }
        self.git = git
    }

    /// The names that some texts stand for.
    ///
    /// - Parameter flag: where they were given, for messages.
    /// - Throws: ``CommandError``, ``OCIError``.
    func names(for texts: [String], flag: String) throws -> ImageNames {
        var names = ImageNames()
        var owners: [Reference: Platform] = [:]
        for text in texts {
            let template = try NameTemplate(text, flag: flag)
            guard template.isOfPlatform else {
                names.whole.append(try name(template, for: nil, flag))
                continue
            }
            for platform in platforms {
                let name = try name(template, for: platform, flag)
                let owner = owners.updateValue(platform, forKey: name) ?? platform
                guard owner == platform else {
                    throw CommandError(
                        "\(flag) \(text): the images for \(owner) and \(platform) would both be \(name.familiar)",
                        remedy: "use {arch} or {platform}, which tell all platforms apart")
                }
                names.single[platform, default: []].append(name)
            }
        }
        if let name = names.whole.first(where: { owners[$0] != nil }) {
            throw CommandError(
                "\(flag): \(name.familiar) would be both the whole and the image of one platform",
                remedy: "give them different names")
        }
        return names
    }

    private func name(_ template: NameTemplate, for platform: Platform?, _ flag: String) throws -> Reference {
        let text = try template.filled { try value(of: $0, for: platform, "\(flag) \(template.text)") }
        let reference = try Reference(text)
        guard reference.digest == nil else {
            throw CommandError(
                "\(flag) \(template.text): a tag cannot have a digest", remedy: "leave out what follows the @")
        }
        return reference
    }

    private func value(
        of placeholder: NameTemplate.Placeholder, for platform: Platform?, _ source: String
    ) throws -> String {
        let kind = placeholder.kind
        switch kind {
        case .arch, .architecture, .os, .variant, .platform: return platform.map(kind.value(for:)) ?? ""
        case .version: return environment["IMAGE_VERSION"] ?? "latest"
        case .date:
            guard let text = Self.date(time, format: placeholder.argument ?? "%Y%m%d"), !text.isEmpty else {
                throw CommandError(
                    "\(source): \(placeholder.source) makes no date", remedy: "write it as {date:%Y%m%d%H%M}")
            }
            return text
        case .build:
            if let number = Self.buildNumbers.lazy.compactMap({ environment[$0] }).first { return number }
            throw CommandError(
                "\(source): no number of a build is known",
                remedy: "{build} is the first that is set of \(Self.buildNumbers.joined(separator: ", "))")
        case .gitShort, .gitCommit, .gitBranch, .gitTag, .gitDescribe:
            guard let answer = git[kind], !answer.isEmpty else {
                throw CommandError("\(source): git knows no \(placeholder.source) here", remedy: kind.gitRemedy)
            }
            // Branches and tags may have what no tag of an image may have.
            return String(answer.map { $0.isASCII && ($0.isLetter || $0.isNumber || "_.-".contains($0)) ? $0 : "-" })
        }
    }

    /// Variables of Jenkins and TeamCity, GitHub, GitLab, Travis, CircleCI, Buildkite, Drone, Azure and Bitbucket.
    private static let buildNumbers = [
        "BUILD_NUMBER", "GITHUB_RUN_NUMBER", "CI_PIPELINE_IID", "TRAVIS_BUILD_NUMBER", "CIRCLE_BUILD_NUM",
        "BUILDKITE_BUILD_NUMBER", "DRONE_BUILD_NUMBER", "BUILD_BUILDID", "BITBUCKET_BUILD_NUMBER",
    ]

    /// A time in UTC as strftime(3) writes it.
    private static func date(_ seconds: Int64, format: String) -> String? {
        guard format.utf8.count <= 64, !format.utf8.contains(0) else { return nil }
        var time = time_t(seconds)
        var parts = tm()
        guard gmtime_r(&time, &parts) != nil else { return nil }
        var buffer = [CChar](repeating: 0, count: 1024)
        let count = strftime(&buffer, buffer.count, format, &parts)
        return String(decoding: buffer[..<count].map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
}

extension NameTemplate.Kind {
    /// The git command that tells it.
    fileprivate var gitQuestion: [String]? {
        switch self {
        case .gitShort: ["rev-parse", "--short", "HEAD"]
        case .gitCommit: ["rev-parse", "HEAD"]
        case .gitBranch: ["symbolic-ref", "--short", "HEAD"]
        case .gitTag: ["describe", "--tags", "--exact-match", "HEAD"]
        case .gitDescribe: ["describe", "--tags", "--always", "HEAD"]
        default: nil
        }
    }

    fileprivate var gitRemedy: String {
        switch self {
        case .gitBranch: "no branch is checked out; many CI systems check out a commit alone"
        case .gitTag: "the commit that is checked out has no tag"
        default: "the build context has to be a checkout with a commit"
        }
    }
}
