// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import FoundationEssentials
import Store
import SystemPackage

/// The results that somebody names: files, and directories with files, as CI systems put artifacts into one each.
struct FanInFiles {
    /// The results, by the files that they were read from.
    private(set) var results: [(file: String, result: FanInResult)] = []
    /// Files of directories that are something else.
    private(set) var ignored: [String] = []

    private static let maximumSize = 4 << 20
    private static let maximumDepth = 8
    private static let maximumCount = 10_000
    private var count = 0

    /// - Throws: ``CommandError``, ``StoreError``.
    init(_ paths: [String], in environment: Environment) throws {
        for path in paths {
            let absolute = environment.absolute(path)
            if Files.isDirectory(absolute) {
                let known = results.count
                try addDirectory(absolute, shown: path, depth: 0)
                guard results.count > known else {
                    throw CommandError(
                        "there is no result of a build in the directory \(path)",
                        remedy: "it should hold what manifold build --result FILE wrote, in files named *.json")
                }
            } else {
                guard let result = try FanInResult(Self.bytes(absolute, path), file: path) else {
                    throw CommandError(
                        "\(path) is not what manifold build --result writes",
                        remedy: "name the files of --result; that of --metadata-file is another")
                }
                results.append((path, result))
            }
        }
    }

    private mutating func addDirectory(_ directory: FilePath, shown: String, depth: Int) throws {
        let names: [String]
        do { names = try FileManager.default.contentsOfDirectory(atPath: directory.string).sorted() } catch {
            throw CommandError("the directory \(shown) cannot be read")
        }
        for name in names where !name.hasPrefix(".") {
            count += 1
            guard count <= Self.maximumCount, depth < Self.maximumDepth else {
                throw CommandError("there is too much in \(shown)", remedy: "name the files, or their directory")
            }
            let path = directory.appending(name)
            let title = shown.hasSuffix("/") ? shown + name : "\(shown)/\(name)"
            if Files.isDirectory(path) {
                try addDirectory(path, shown: title, depth: depth + 1)
            } else if name.hasSuffix(".json"), let result = try FanInResult(Self.bytes(path, title), file: title) {
                results.append((title, result))
            } else {
                ignored.append(title)
            }
        }
    }

    private static func bytes(_ path: FilePath, _ shown: String) throws -> [UInt8] {
        let bytes: [UInt8]?
        do { bytes = try Files.read(path, limit: maximumSize) } catch {
            throw CommandError("\(shown) cannot be used: \(error)")
        }
        guard let bytes else { throw CommandError("there is no file \(shown)", remedy: "check its name") }
        return bytes
    }
}
