// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

package import Build
import OCI

extension BuildSummary {
    /// What was made, as a table for people: a line for each platform, one for the index, one for each name.
    ///
    ///     PLATFORM      DIGEST         SIZE
    ///     linux/amd64   0f1e2d3c4b5a   4.56MB
    ///     linux/arm64   5a4b3c2d1e0f   4.32MB
    ///     index         a1b2c3d4e5f6
    ///     name          127.0.0.1:5000/demo:1
    package var table: String {
        var rows = [["PLATFORM", "DIGEST", "SIZE"]]
        for image in images {
            rows.append([SafeText.line(image.platform.description), image.digest.short, HumanFormat.bytes(image.size)])
        }
        if !images.contains(where: { $0.digest == digest }) { rows.append(["index", digest.short]) }
        let width = rows.map { $0[0].count }.max() ?? 0
        for name in names { rows.append(["name", SafeText.singleLine(name)]) }
        return rows.map { row in
            let first = pad(row[0], to: width)
            return ([first] + (row.count > 2 ? [pad(row[1], to: 12), row[2]] : [row[1]])).joined(separator: "   ")
                + "\n"
        }.joined()
    }

    private func pad(_ text: String, to width: Int) -> String {
        text + String(repeating: " ", count: max(0, width - text.count))
    }
}
