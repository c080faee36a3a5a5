// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

extension Node {
    /// ONBUILD in ONBUILD is an error of its own; deeper nesting than this is not even looked at.
    private static let deepestTrigger = 3

    /// Lexes one joined line.
    init(
        line: String, lines: ClosedRange<Int>, escape: Unicode.Scalar, comments: [String] = [], depth: Int = 0
    ) throws(DockerfileError) {
        let (keyword, flags, rest) = Words.command(line)
        self.init(keyword: keyword, flags: flags, text: line, lines: lines, comments: comments)
        switch keyword.lowercased() {
        case "add", "copy", "volume":
            if try !readJSON(rest) { words = Words.plain(rest) }
        case "run", "cmd", "entrypoint", "shell":
            if rest.isEmpty { break }
            if try !readJSON(rest) { words = [rest] }
        case "arg":
            words = Words.quoted(rest, escape: escape)
        case "env", "label":
            try readPairs(rest, escape: escape)
        case "expose", "from":
            words = Words.plain(rest)
        case "healthcheck":
            try readHealthcheck(rest)
        case "maintainer", "stopsignal", "user", "workdir":
            if !rest.isEmpty { words = [rest] }
        case "onbuild":
            if !rest.isEmpty, depth < Self.deepestTrigger {
                trigger = [try Node(line: rest, lines: lines, escape: escape, depth: depth + 1)]
            }
        default:
            // Unknown instructions are reported when they are understood, with the nearest known name.
            break
        }
    }

    private mutating func readJSON(_ rest: String) throws(DockerfileError) -> Bool {
        switch JSONStrings.read(rest) {
        case .strings(let strings):
            words += strings
            isJSON = true
            return true
        case .otherArray:
            throw DockerfileError(
                "when using JSON array syntax, arrays must be comprised of strings only", lines: lines, culprit: rest)
        case .notJSON:
            return false
        }
    }

    /// ENV and LABEL: `name=value` words, or the old `name rest of the line`. Three words a pair, as BuildKit's.
    private mutating func readPairs(_ rest: String, escape: Unicode.Scalar) throws(DockerfileError) {
        let pairs = Words.quoted(rest, escape: escape)
        guard let first = pairs.first else { return }
        if !first.unicodeScalars.contains("=") {
            let parts = rest.unicodeScalars.split(maxSplits: 1, whereSeparator: \.isBlank)
            guard parts.count == 2 else {
                throw DockerfileError(
                    "\(keyword.uppercased()) must have two arguments", lines: lines, culprit: rest,
                    suggestion: "\(keyword.uppercased()) \(first)=value")
            }
            let value = parts[1].drop(while: \.isBlank)
            words = [String(parts[0]), String(value), ""]
            isLegacyKeyValue = true
            return
        }
        for pair in pairs {
            let (name, value) = pair.cut(at: "=")
            guard let value else {
                throw DockerfileError(
                    "Syntax error - can't find = in \(GoQuoting.quoted(pair)). Must be of the form: name=value",
                    lines: lines, culprit: pair)
            }
            words += [String(name), String(value), "="]
        }
    }

    private mutating func readHealthcheck(_ rest: String) throws(DockerfileError) {
        guard !rest.isEmpty else { return }
        let view = rest.unicodeScalars
        let end = view.firstIndex(where: \.isSpace) ?? view.endIndex
        words = [String(view[..<end])]
        let command = String(view[end...].drop(while: \.isSpace))
        guard !command.isEmpty else { return }
        if try !readJSON(command) { words.append(command) }
    }
}
