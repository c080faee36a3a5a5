// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

/// The Content-Disposition header (RFC 6266).
enum ContentDisposition {
    /// The last part of the name that a server proposes; nil when it proposes none that a file can have.
    static func fileName(_ header: String) -> String? {
        var rest = header[(header.firstIndex(of: ";") ?? header.endIndex)...]
        var (plain, extended): (String?, String?)
        while rest.first == ";" {
            rest = rest.dropFirst().drop { $0 == " " || $0 == "\t" }
            let key = rest.prefix { $0 != "=" && $0 != ";" }
            rest = rest.dropFirst(key.count)
            guard rest.first == "=" else { continue }
            rest.removeFirst()
            let value = value(&rest)
            switch key.lowercased().filter({ !$0.isWhitespace }) {
            case "filename": plain = value
            case "filename*":
                // charset'language'text
                let parts = value.split(separator: "'", maxSplits: 2, omittingEmptySubsequences: false)
                if parts.count == 3, parts[0].lowercased() == "utf-8" { extended = PercentEncoding.decode(parts[2]) }
            default: break
            }
        }
        return (extended ?? plain).flatMap(harmless)
    }

    private static func value(_ rest: inout Substring) -> String {
        guard rest.first == "\"" else {
            let word = rest.prefix { $0 != ";" }
            rest = rest.dropFirst(word.count)
            return String(word.reversed().drop { $0 == " " }.reversed())
        }
        rest.removeFirst()
        var value = ""
        while let character = rest.popFirst(), character != "\"" {
            if character == "\\", let next = rest.popFirst() { value.append(next) } else { value.append(character) }
        }
        rest = rest.drop { $0 != ";" }
        return value
    }

    private static func harmless(_ name: String) -> String? {
        guard !name.hasSuffix("/"), let last = name.split(separator: "/").last.map(String.init),
            ![".", ".."].contains(last), last.utf8.count <= 255, !last.utf8.contains(where: { $0 < 32 || $0 == 127 })
        else { return nil }
        return last
    }
}
