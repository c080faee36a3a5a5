// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import FoundationEssentials
import Glibc
public import SystemPackage

/// The built program, run by somebody in a workspace of the test's own.
///
///     try await Manifold.with(.ordinary) { manifold in
///         let context = try manifold.context("FROM scratch\nCOPY a /", files: ["a": "1"])
///         let result = try await manifold.build(["--output", "type=oci,dest=\(manifold.path("out"))/"], context)
///     }
public struct Manifold: Sendable {
    /// Who runs the program.
    public enum Account: String, Sendable, CustomStringConvertible {
        /// A user who is not root and has a range of subordinate ids; scripts/as-user makes one where the tests run as root.
        case ordinary
        /// Root, which the tests must then be.
        case root

        /// Everybody whom the tests can be here.
        public static var available: [Account] { geteuid() == 0 ? [.ordinary, .root] : [.ordinary] }

        public var description: String { rawValue }
    }

    /// Who runs the program.
    public let account: Account
    /// A directory of this test's, in which everybody may write.
    public let directory: FilePath
    /// Where the store is, unless a test says otherwise.
    public var store: FilePath { directory.appending("store") }

    /// The top of this repository.
    public static let repository = FilePath(#filePath)
        .removingLastComponent().removingLastComponent().removingLastComponent().removingLastComponent()

    /// The program, which is built into the same directory as the tests.
    public static let program: FilePath = {
        let tests = try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
        return FilePath(tests ?? CommandLine.arguments.first ?? "").removingLastComponent().appending("manifold")
    }()

    /// Makes a workspace, runs `body` and removes the workspace with the store that is in it.
    public static func with<Result>(
        _ account: Account = .ordinary, _ body: (Manifold) async throws -> sending Result
    ) async throws -> sending Result {
        let manifold = Manifold(account: account, directory: try TestDirectory.make())
        chmod(manifold.directory.string, 0o777)
        do {
            let result = try await body(manifold)
            await manifold.remove()
            return result
        } catch {
            await manifold.remove()
            throw error
        }
    }

    /// Somebody else in the same workspace.
    public func other(_ account: Account) -> Manifold { Manifold(account: account, directory: directory) }

    private func remove() async {
        // What subordinate ids own can be removed by root, or in a user namespace that has them.
        _ = try? await ChildProcess.run("chmod", ["-R", "u+rwX", directory.string])
        let result = try? await ChildProcess.run("rm", ["-rf", directory.string])
        guard result?.succeeded != true else { return }
        _ = try? await ChildProcess.run("unshare", ["--map-root-user", "--map-auto", "rm", "-rf", directory.string])
    }

    // MARK: Files

    /// A path in the workspace.
    public func path(_ name: String) -> FilePath { directory.pushing(FilePath(name)) }

    /// Writes a build context and returns its directory.
    ///
    /// - Parameters:
    ///   - dockerfile: what its Dockerfile says; nil for none.
    ///   - files: the other files by their paths.
    public func context(
        _ dockerfile: String?, files: [String: String] = [:], name: String = "context"
    ) throws -> FilePath {
        let context = path(name)
        try FileManager.default.createDirectory(atPath: context.string, withIntermediateDirectories: true)
        var files = files
        files["Dockerfile"] = dockerfile
        for (name, content) in files { try write(content, to: context.pushing(FilePath(name))) }
        return context
    }

    /// Writes a file, making the directories that it is in.
    public func write(_ content: String, to path: FilePath) throws {
        try write(Array(content.utf8), to: path)
    }

    /// Writes a file of any bytes, making the directories that it is in.
    public func write(_ content: [UInt8], to path: FilePath) throws {
        try FileManager.default.createDirectory(
            atPath: path.removingLastComponent().string, withIntermediateDirectories: true)
        try TestDirectory.write(content, to: path)
        chmod(path.string, 0o644)
    }

    /// The content of a file.
    public func text(of path: FilePath) throws -> String {
        try String(contentsOfFile: path.string, encoding: .utf8)
    }
}
