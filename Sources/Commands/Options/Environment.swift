// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import Glibc
import SystemPackage

/// The process's environment variables and working directory, as a value that is passed along.
struct Environment: Sendable {
    var variables: [String: String]
    var workingDirectory: FilePath

    /// A variable's value; nil when it is not set or empty.
    subscript(name: String) -> String? {
        variables[name].flatMap { $0.isEmpty ? nil : $0 }
    }

    /// A path as the user wrote it, from the working directory on.
    func absolute(_ path: String) -> FilePath {
        workingDirectory.pushing(FilePath(path)).lexicallyNormalized()
    }

    /// What this process was given.
    static func current() -> Environment {
        var variables: [String: String] = [:]
        var pointer = environ
        while let entry = pointer.pointee {
            let text = String(cString: entry)
            if let equals = text.firstIndex(of: "=") {
                variables[String(text[..<equals])] = String(text[text.index(after: equals)...])
            }
            pointer += 1
        }
        var buffer = [CChar](repeating: 0, count: 4097)
        let directory = getcwd(&buffer, buffer.count).map { String(cString: $0) } ?? "/"
        return Environment(variables: variables, workingDirectory: FilePath(directory))
    }
}
