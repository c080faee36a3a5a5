// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import Build
import FoundationEssentials
import Glibc
import Images
import OCI
import Store
import Synchronization
import SystemPackage

extension OutputOptions {
    /// Sees whether the files for programs can be written: after the build it would be too late, for the result may
    /// have been pushed by then.
    ///
    /// - Throws: ``BuildError``.
    func checkReportFiles(in environment: Environment) throws {
        for file in [digestFile, metadataFile, fanIn.resultFile].compactMap(\.self) {
            try OutputPlace.file(following: environment.absolute(file)).prepareInFolder()
        }
    }

    /// Tells what was made, to programs: on standard output, in files.
    ///
    /// - Throws: ``BuildError``, ``StoreError``.
    func report(
        _ summary: BuildSummary, of outputs: OutputPlan, warnings: [BuildWarning], isQuiet: Bool,
        in environment: Environment
    ) throws {
        // What Docker and podman call an image that they were given is the digest of its config.
        let identity = outputs.identifiesByConfig ? summary.config ?? summary.digest : summary.digest
        if isQuiet, !outputs.usesStandardOutput {
            try Files.writeAll(Array("\(identity)\n".utf8), to: STDOUT_FILENO, path: "standard output")
        }
        if let digestFile {
            try OutputPlace.file(following: environment.absolute(digestFile)).write(Array(identity.description.utf8))
        }
        try fanIn.report(summary, of: outputs, in: environment)
        if let metadataFile {
            let listed = Self.isTrue(environment["BUILDX_METADATA_WARNINGS"]) ? warnings : nil
            try OutputPlace.file(following: environment.absolute(metadataFile))
                .write(try BuildMetadata(summary, warnings: listed).json)
        }
    }

    private static func isTrue(_ value: String?) -> Bool { ["1", "true", "t"].contains(value?.lowercased() ?? "") }
}

/// What `--metadata-file` has, with the keys of buildx.
struct BuildMetadata: Encodable {
    private let digest: String
    private let configDigest: String?
    private let descriptor: Descriptor?
    private let names: String?
    private let warnings: [Warning]?
    /// Why platforms are missing that the build was finished without, by their names.
    private let failed: [String: String]?

    private struct Warning: Encodable {
        let short: String
        let line: Int?
    }

    private enum CodingKeys: String, CodingKey {
        case digest = "containerimage.digest"
        case configDigest = "containerimage.config.digest"
        case descriptor = "containerimage.descriptor"
        case names = "image.name"
        case warnings = "buildx.build.warnings"
        case failed = "manifold.failed"
    }

    /// - Parameter warnings: the build's warnings, where they are asked for.
    init(_ summary: BuildSummary, warnings: [BuildWarning]?) {
        digest = summary.digest.description
        configDigest = summary.config?.description
        descriptor = summary.descriptor
        let failures = summary.failed.map { ($0.platform.description, $0.reason) }
        failed = failures.isEmpty ? nil : Dictionary(failures) { first, _ in first }
        names = summary.references.isEmpty ? nil : summary.references.joined(separator: ",")
        self.warnings = warnings?.map { Warning(short: $0.message, line: $0.line) }
    }

    var json: [UInt8] {
        get throws {
            let encoder = JSONEncoder()
            encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
            return try Array(encoder.encode(self)) + [UInt8(ascii: "\n")]
        }
    }
}

/// The warnings of a build, for whoever wants them at its end.
final class WarningLog: Sendable {
    private let warnings = Mutex<[BuildWarning]>([])

    var all: [BuildWarning] { warnings.withLock { $0 } }

    func note(_ event: BuildEvent) {
        if case .warning(let warning) = event { warnings.withLock { $0.append(warning) } }
    }
}
