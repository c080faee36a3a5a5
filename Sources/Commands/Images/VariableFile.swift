// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import Store

/// A file of `--env-file`: `NAME=VALUE` lines as they stand, without quotes; `NAME` alone is this process's value; `#`
/// begins a line that is left out.
enum VariableFile {
    /// - Throws: ``CommandError``, ``StoreError``.
    static func lines(of files: [String], in environment: Environment) throws -> [String] {
        var variables: [String] = []
        for file in files {
            guard let bytes = try Files.read(environment.absolute(file)) else {
                throw CommandError("--env-file \(file): there is no such file")
            }
            let lines = String(decoding: bytes, as: UTF8.self)
                .split(omittingEmptySubsequences: false) { $0 == "\n" || $0 == "\r\n" }
            for (place, line) in lines.enumerated() {
                let line = line.drop { $0 == " " || $0 == "\t" }
                guard !line.isEmpty, !line.hasPrefix("#") else { continue }
                let name = line.prefix { $0 != "=" }
                guard !name.isEmpty, !name.contains(where: \.isWhitespace) else {
                    throw CommandError(
                        "--env-file \(file), line \(place + 1): the name of a variable is missing or has blanks",
                        remedy: "write it as NAME=VALUE")
                }
                if name.count < line.count {
                    variables.append(String(line))
                } else if let value = environment.variables[String(name)] {
                    variables.append("\(name)=\(value)")
                }
            }
        }
        return variables
    }
}
