// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

package import Build
import OCI

extension BuildSummary {
    /// What was made, as a table for people: a line for each platform, one for the index, one for each name. A column
    /// that has nothing to say is left out.
    ///
    ///     PLATFORM      DIGEST         SIZE     RUN              AUDIT           TEST
    ///     linux/amd64   0f1e2d3c4b5a   4.56MB   1.2s native      ok (31 files)   2 passed
    ///     linux/arm64   5a4b3c2d1e0f   4.32MB   14.5s emulated   1 warning       2 passed
    ///     shared                                3.4s native
    ///     index         a1b2c3d4e5f6
    ///     name          127.0.0.1:5000/demo:1
    ///
    /// RUN is the time of the steps that are of the platform alone; those that several share are counted once.
    package var table: String {
        let columns: [(title: String, value: (Image) -> String, shared: String)] = [
            ("PLATFORM", { SafeText.line($0.platform.description) }, "shared"),
            ("DIGEST", { $0.digest.short }, ""),
            ("SIZE", { HumanFormat.bytes($0.size) }, ""),
            ("RUN", { $0.runTime?.words ?? "" }, sharedRunTime?.words ?? ""),
            ("AUDIT", { $0.audit == .off ? "" : $0.audit.description }, ""),
            ("TEST", { $0.passedTests.map { "\($0) passed" } ?? "" }, ""),
        ]
        var rows = [columns.map(\.title)]
        rows += images.map { image in columns.map { $0.value(image) } }
        if sharedRunTime != nil { rows.append(columns.map(\.shared)) }
        let used = columns.indices.filter { column in rows.dropFirst().contains { !$0[column].isEmpty } || column < 3 }
        rows = rows.map { row in used.map { row[$0] } }
        if !images.contains(where: { $0.digest == digest }) { rows.append(["index", digest.short]) }
        let widths = used.indices.map { column in
            rows.map { $0.indices.contains(column) ? $0[column].count : 0 }.max() ?? 0
        }
        // A reason or a name may be long, and what is above it need not be as wide.
        for failure in failed {
            rows.append([
                SafeText.line(failure.platform.description), "FAILED", SafeText.singleLine(failure.reason, limit: 200),
            ])
        }
        for name in names { rows.append(["name", SafeText.singleLine(name)]) }
        return rows.map { Self.line($0, widths) + "\n" }.joined()
    }

    private static func line(_ row: [String], _ widths: [Int]) -> String {
        var cells = row[...]
        while cells.last?.isEmpty == true { cells.removeLast() }
        return cells.enumerated().map { place, text in
            let isLast = place == cells.count - 1
            return isLast ? text : text + String(repeating: " ", count: max(0, widths[place] - text.count))
        }.joined(separator: "   ")
    }
}

extension RunTime {
    /// `14.5s emulated`, `1.2s native, 14.5s emulated`, or `cached` when nothing had to run.
    fileprivate var words: String {
        let parts = [(native, "native"), (emulated, "emulated")].compactMap { time, mode in
            time.map { "\(HumanFormat.duration($0)) \(mode)" }
        }
        return parts.isEmpty ? "cached" : parts.joined(separator: ", ")
    }
}
