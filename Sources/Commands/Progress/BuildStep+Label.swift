// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

package import Build
import OCI

extension BuildStep {
    /// The platforms as one word to search logs for: `linux/amd64,linux/arm64`; `internal` for a step of none.
    package var platformLabel: String {
        guard !platforms.isEmpty else { return "internal" }
        // A copied list may call its platforms whatever it wants.
        return SafeText.line(platforms.map(\.description).joined(separator: ","))
    }

    /// Where the step is: `linux/arm64 build 2/5`.
    package var place: String {
        var words = [platformLabel]
        if let stage { words.append(SafeText.singleLine(stage, limit: 100)) }
        if let position { words.append("\(position.number)/\(position.count)") }
        return words.joined(separator: " ")
    }

    /// The place and the title on one line: `[linux/arm64 build 2/5] RUN make`.
    package var label: String { "[\(place)] \(singleLineTitle)" }

    /// The title without its line breaks.
    package var singleLineTitle: String { SafeText.singleLine(title) }
}
