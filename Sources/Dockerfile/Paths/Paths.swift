// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

/// Slash-separated paths, by their text alone.
public enum Paths {
    /// The shortest equal path: no empty, `.` or inner `..` parts, no slash at the end (Go's `path.Clean`).
    public static func clean(_ path: String) -> String {
        let isAbsolute = path.utf8.first == UInt8(ascii: "/")
        var parts: [Substring] = []
        for part in path.utf8.split(separator: UInt8(ascii: "/")) {
            let part = Substring(part)
            if part == "." { continue }
            if part == ".." {
                if let last = parts.last, last != ".." {
                    parts.removeLast()
                    continue
                }
                if isAbsolute { continue }
            }
            parts.append(part)
        }
        let joined = parts.joined(separator: "/")
        return isAbsolute ? "/" + joined : joined.isEmpty ? "." : joined
    }

    /// `path` when it is absolute, else below `base`; clean.
    public static func resolve(_ path: String, against base: String) -> String {
        path.utf8.first == UInt8(ascii: "/") ? clean(path) : clean(base + "/" + path)
    }
}
