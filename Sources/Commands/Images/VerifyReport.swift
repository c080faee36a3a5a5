// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import Build
import Emulation
import FoundationEssentials
import Images
import OCI
import Sandbox

/// What `manifold verify` tells; encoded as `--json` prints it.
struct VerifyReport: Encodable {
    let name: String
    let digest: Digest
    let ok: Bool
    let platforms: [Row]

    struct Row: Encodable {
        let platform: String
        let ok: Bool
        var digest: Digest?
        var size: Int64?
        /// What the list calls the entry that clients take.
        var pulledAs: String?
        var notes: [String]?
        /// `native`, or the emulator.
        var runs: String?
        var seconds: Double?
        var exitCode: Int32?
        var reason: String?
        var remedy: String?
        /// The last lines that it printed, of one that failed.
        var output: [String]?
    }

    private let failures: [(failure: StepFailure, remedy: String?)]

    private enum CodingKeys: CodingKey { case name, digest, ok, platforms }

    /// - Parameter failures: what is known of the steps that failed.
    init(name: String, digest: Digest, _ outcomes: [VerifiedImage], failures: [StepFailure]) {
        self.name = name
        self.digest = digest
        ok = outcomes.allSatisfy { $0.failure == nil }
        var explained: [(failure: StepFailure, remedy: String?)] = []
        platforms = outcomes.map { outcome in
            let failure = outcome.failure.flatMap { bad in failures.first { $0.step.id == bad.step.id } }
            if let failure { explained.append((failure, outcome.failure?.remedy)) }
            return Row(outcome, output: failure?.output.map(\.text))
        }
        self.failures = explained
    }

    var fails: Bool { !ok }

    /// What failed and what it printed last.
    var explanations: String {
        failures.map { FailureReport($0.failure, source: nil, remedy: $0.remedy).text }.joined()
    }

    var table: String {
        let ran = platforms.contains { $0.runs != nil }
        var table =
            ran
            ? TextTable("PLATFORM", "DIGEST", "SIZE", "PULLED AS", "RUNS", "SECONDS", "RESULT")
            : TextTable("PLATFORM", "DIGEST", "SIZE", "PULLED AS", "RESULT")
        for row in platforms {
            let digest = row.digest?.short ?? "-"
            let size = row.size.map(HumanFormat.bytes) ?? "-"
            let result = row.ok ? "ok" : "FAILED: \(row.reason ?? "")"
            if ran {
                table.add(
                    row.platform, digest, size, row.pulledAs ?? "-", row.runs ?? "-",
                    row.seconds.map { HumanFormat.seconds(.milliseconds(Int64($0 * 1000)), decimals: 1) } ?? "-", result
                )
            } else {
                table.add(row.platform, digest, size, row.pulledAs ?? "-", result)
            }
        }
        return table.text
    }

    var json: String {
        get throws { try ImageDescription.json(self) }
    }
}

extension VerifyReport.Row {
    fileprivate init(_ outcome: VerifiedImage, output: [String]?) {
        platform = outcome.platform.description
        ok = outcome.failure == nil
        digest = outcome.image?.descriptor.digest
        size = outcome.image?.size
        pulledAs = outcome.image?.words
        if let notes = outcome.image?.notes, !notes.isEmpty { self.notes = notes }
        switch outcome.mode {
        case .native: runs = "native"
        case .emulated(let emulator): runs = "qemu-\(emulator.target.target)"
        case nil: runs = nil
        }
        if let report = outcome.report {
            seconds = Double(HumanFormat.milliseconds(report.duration)) / 1000
            if case .ended(let status) = report.end { exitCode = status.shellCode }
        }
        reason = outcome.failure?.reason
        remedy = outcome.failure?.remedy
        self.output = output.flatMap { $0.isEmpty ? nil : $0 }
    }
}
