// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import ArgumentParser

/// How a build shows its progress on stderr; the value of `--progress`.
package enum ProgressMode: String, Sendable, CaseIterable {
    /// ``tty`` where stderr is a terminal that can move its cursor, else ``plain``.
    case auto
    /// A live view that is drawn again and again.
    case tty
    /// One line for each thing that happens, for logs.
    case plain
    /// Warnings only.
    case quiet
    /// One JSON object on each line, for programs.
    case json
    /// What `docker buildx build` writes under that name, for programs that read it.
    case rawjson

    /// Reads a mode as written, in manifold's or buildx's words (`none`); nil when there is no such mode.
    package init?(spelling: String) {
        switch spelling.lowercased() {
        case "none": self = .quiet
        case let word:
            guard let mode = ProgressMode(rawValue: word) else { return nil }
            self = mode
        }
    }

    /// The mode that was asked for: by the option, else by `MANIFOLD_PROGRESS`, else by `BUILDKIT_PROGRESS`.
    ///
    /// `BUILDKIT_PROGRESS` belongs to other programs, so a word in it that manifold does not know is passed over.
    /// - Throws: ``UnknownProgressMode`` when `MANIFOLD_PROGRESS` has a word that is no mode.
    package static func chosen(
        option: ProgressMode?, environment: [String: String]
    ) throws(UnknownProgressMode) -> ProgressMode {
        if let option { return option }
        if let word = environment["MANIFOLD_PROGRESS"], !word.isEmpty {
            guard let mode = ProgressMode(spelling: word) else { throw UnknownProgressMode(spelling: word) }
            return mode
        }
        return environment["BUILDKIT_PROGRESS"].flatMap(ProgressMode.init(spelling:)) ?? .auto
    }

    /// The mode with ``auto`` settled for a terminal.
    ///
    /// Somebody who asks for ``tty`` gets it even where stderr is no terminal: some log viewers show it well.
    package func settled(for terminal: ProgressTerminal) -> ProgressMode {
        guard self == .auto else { return self }
        return terminal.isInteractive ? .tty : .plain
    }
}

extension ProgressMode: ExpressibleByArgument {
    package init?(argument: String) {
        self.init(spelling: argument)
    }
}

/// `MANIFOLD_PROGRESS` has a word that is no progress mode.
package struct UnknownProgressMode: Error, Hashable, CustomStringConvertible {
    /// The word as it was written.
    package let spelling: String

    package var description: String {
        "MANIFOLD_PROGRESS is \"\(SafeText.singleLine(spelling))\", which is no progress mode"
    }

    /// What to do about it.
    package var remedy: String? {
        let known = ProgressMode.allCases.map(\.rawValue).joined(separator: ", ")
        return "Set it to one of \(known), or unset it."
    }
}
