// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import FoundationEssentials
import Glibc

/// What `swift package dump-package` says of this package: its targets and whom they declare to depend on.
///
/// `describe` would say the same, but resolves dependencies first and needs the lock that `swift test` holds.
struct PackageDescription: Decodable {
    let targets: [Target]

    struct Target: Decodable {
        let name: String
        let type: String
        let path: String?
        let dependencies: [Dependency]

        /// The folder that holds the sources.
        var folder: String { path ?? ((type == "test" ? "Tests/" : "Sources/") + name) }
    }

    /// A dependency on a target of this package, or on a product of another.
    struct Dependency: Decodable {
        let target: String?

        private enum CodingKeys: String, CodingKey { case byName, target }

        init(from decoder: any Decoder) throws {
            let container = try decoder.container(keyedBy: CodingKeys.self)
            let words =
                try container.decodeIfPresent([Word].self, forKey: .byName)
                ?? container.decodeIfPresent([Word].self, forKey: .target)
            target = words?.first?.text
        }

        /// Names stand in lists beside conditions, which are objects or null.
        private struct Word: Decodable {
            let text: String?

            init(from decoder: any Decoder) throws {
                text = try? decoder.singleValueContainer().decode(String.self)
            }
        }
    }

    /// Asks SwiftPM, in a scratch folder of its own.
    static func read() throws -> PackageDescription {
        let scratch = FileManager.default.temporaryDirectory.path + "/house-\(getpid())"
        try FileManager.default.createDirectory(atPath: scratch, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: scratch) }
        let output = scratch + "/package.json"
        let status = try run(
            ["swift", "package", "--package-path", Repository.top, "--scratch-path", scratch, "dump-package"],
            output: output)
        guard status == 0 else { throw Failure(what: "swift package dump-package ended with status \(status)") }
        let json = try Data(contentsOf: URL(filePath: output))
        return try JSONDecoder().decode(PackageDescription.self, from: json)
    }

    struct Failure: Error, CustomStringConvertible {
        let what: String
        var description: String { what }
    }

    /// Runs a command with its standard output in a file, and returns the status of waitpid(2).
    private static func run(_ words: [String], output: String) throws -> Int32 {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_addopen(&actions, 1, output, O_WRONLY | O_CREAT | O_TRUNC, 0o600)
        var arguments: [UnsafeMutablePointer<CChar>?] = words.map { strdup($0) } + [nil]
        defer { for argument in arguments { free(argument) } }
        var process = pid_t()
        let failure = posix_spawnp(&process, words[0], &actions, nil, &arguments, environ)
        guard failure == 0 else { throw Failure(what: "cannot start \(words[0]): errno \(failure)") }
        var status: Int32 = 0
        while waitpid(process, &status, 0) < 0 {
            guard errno == EINTR else { throw Failure(what: "cannot wait for \(words[0]): errno \(errno)") }
        }
        return status
    }
}
