// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import FoundationEssentials

/// The files of this repository, by paths relative to its top.
enum Repository {
    /// Where the repository is: three levels above this file.
    static let top: String = #filePath.split(separator: "/").dropLast(3).reduce(into: "") { $0 += "/" + $1 }

    /// A source file with its lines.
    struct File: CustomStringConvertible, Sendable {
        let path: String
        let lines: [Substring]

        var description: String { path }

        /// The modules whose names stand in import declarations.
        var imports: Set<String> {
            Set(lines.compactMap(Self.importedModule(of:)))
        }

        /// `public import struct OCI.Digest` → `OCI`.
        private static func importedModule(of line: Substring) -> String? {
            let words = line.split(separator: " ")
            guard let position = words.firstIndex(of: "import"), words.indices.contains(position + 1) else {
                return nil
            }
            let before = words[..<position]
            let modifiers: Set<Substring> = ["public", "package", "internal", "fileprivate", "private"]
            guard before.allSatisfy({ $0.hasPrefix("@") || modifiers.contains($0) }) else { return nil }
            let kinds: Set<Substring> = ["struct", "class", "enum", "protocol", "typealias", "func", "let", "var"]
            let name = words[(position + 1)...].first { !kinds.contains($0) }
            return name?.split(separator: ".").first.map(String.init)
        }
    }

    /// Every file under `folder` whose name ends in one of `extensions`.
    static func files(under folder: String, extensions: Set<String>) throws -> [File] {
        try FileManager.default.subpathsOfDirectory(atPath: top + "/" + folder).sorted().compactMap { path in
            guard let suffix = path.split(separator: ".").last, extensions.contains(String(suffix)),
                !path.split(separator: "/").contains("Fixtures")
            else { return nil }
            return try file(folder + "/" + path)
        }
    }

    /// The file at `path`.
    static func file(_ path: String) throws -> File {
        let text = try String(contentsOfFile: top + "/" + path, encoding: .utf8)
        return File(path: path, lines: text.split(separator: "\n", omittingEmptySubsequences: false))
    }
}
