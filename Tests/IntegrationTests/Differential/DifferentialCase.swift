// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import FoundationEssentials
import Glibc
import SystemPackage
import TestSupport

/// One directory of Tests/Differential/cases; its README says what can be in it.
struct DifferentialCase: Sendable, CustomStringConvertible {
    /// The directory's name: a number and what the case shows.
    let name: String
    let directory: FilePath
    let settings: Settings
    /// The known and wanted differences.
    let differences: [Difference]

    var description: String { name }

    /// What case.json says.
    struct Settings: Codable, Sendable {
        /// Flags of `build` that both programs get; CONTEXT in them is the context's directory.
        var options: [String]?
        /// Flags for one of the two.
        var manifold: [String]?
        var buildah: [String]?
        /// Variables for both programs.
        var environment: [String: String]?
        /// The paths whose times of modification count; times of nothing else do.
        var times: [String]?
        /// Who must refuse to build this.
        var refusal: Refusal?
        /// Why buildah gets a Dockerfile of its own that says the same in other words.
        var spelling: String?
        /// Why the case cannot be built yet; it then runs only when DIFFERENTIAL names it.
        var waits: String?

        func options(in context: FilePath) -> [String] {
            (options ?? []).map { option in
                option.split(separator: "CONTEXT", omittingEmptySubsequences: false).joined(separator: context.string)
            }
        }
    }

    /// Who must refuse, with these words in its message.
    struct Refusal: Codable, Sendable {
        var manifold: String?
        var buildah: String?
        /// Why only one of the two refuses.
        var because: String?
    }

    /// Files of a case that are not part of its build context.
    static let ownFiles = ["case.json", "differences.json", "setup", "Dockerfile.buildah"]

    /// The top of all this.
    static let folder = Manifold.repository.appending("Tests/Differential")

    /// Every case, or those that the variable DIFFERENTIAL names by beginnings of their names.
    static let all: [DifferentialCase] = {
        let chosen = ProcessInfo.processInfo.environment["DIFFERENTIAL"].map { $0.split(separator: ",") }
        let cases = folder.appending("cases")
        let names = (try? FileManager.default.contentsOfDirectory(atPath: cases.string)) ?? []
        return names.sorted().filter { name in chosen?.contains { name.hasPrefix($0) } ?? true }
            .map { DifferentialCase(directory: cases.appending($0)) }
            .filter { chosen != nil || $0.settings.waits == nil }
    }()

    private init(directory: FilePath) {
        self.directory = directory
        name = directory.lastComponent?.string ?? ""
        // A file that cannot be read says something that no build fulfils, and so fails the case.
        settings = Self.decode(directory.appending("case.json"), or: Settings()) { problem in
            Settings(refusal: Refusal(manifold: problem, buildah: problem))
        }
        differences = Self.decode(directory.appending("differences.json"), or: []) { problem in
            [Difference(path: problem, field: "", because: problem)]
        }
    }

    private static func decode<Value: Decodable>(
        _ file: FilePath, or missing: Value, damaged: (String) -> Value
    ) -> Value {
        guard let data = try? Data(contentsOf: URL(filePath: file.string)) else { return missing }
        do { return try JSONDecoder().decode(Value.self, from: data) } catch { return damaged("\(file): \(error)") }
    }

    /// Makes the build context: the case's files with the modes and times that git does not keep, and what `setup` does.
    ///
    /// - Returns: The Dockerfiles for manifold and for buildah.
    func makeContext(in context: FilePath) async throws -> (manifold: FilePath, buildah: FilePath) {
        let others = "\(context)-files"
        let script = """
            umask 022
            mkdir "$2" "$3"
            cp -R --preserve=mode,links "$1/." "$2"
            chmod -R u=rwX,go=rX "$2"
            for file in \(Self.ownFiles.joined(separator: " ")); do
                [ ! -e "$2/$file" ] || mv "$2/$file" "$3/$file"
            done
            find "$2" -exec touch --no-dereference --date=@1500000000 {} +
            cd "$2"
            if [ -e "$3/setup" ]; then HOME="$3" sh -eu "$3/setup"; fi
            """
        let result = try await ChildProcess.run(
            "sh", ["-ec", script, "sh", directory.string, context.string, others])
        guard result.succeeded else { throw DifferentialFailure("\(name): setup failed\n\(result)") }
        let theirs = FilePath(others).appending("Dockerfile.buildah")
        let file = context.appending("Dockerfile")
        return (file, access(theirs.string, R_OK) == 0 ? theirs : file)
    }
}

/// The differential test itself cannot go on.
struct DifferentialFailure: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) { self.description = description }
}
