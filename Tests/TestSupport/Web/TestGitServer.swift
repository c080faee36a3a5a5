// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import Glibc
public import SystemPackage

/// Real git repositories, served by git's own daemon on a free loopback port.
public struct TestGitServer: Sendable {
    /// `git://127.0.0.1:port`
    public let address: String
    /// Where the repositories are.
    public let directory: FilePath

    /// Runs a daemon as long as `body` runs.
    public static func with<Result: Sendable>(
        _ body: (TestGitServer) async throws -> Result
    ) async throws -> Result {
        let directory = try TestDirectory.make()
        defer { TestDirectory.remove(directory) }
        for _ in 0..<20 {
            let port = Int.random(in: 20_000..<32_000)
            let process = try ChildProcess.start(
                "git",
                [
                    "daemon", "--listen=127.0.0.1", "--port=\(port)", "--base-path=\(directory)", "--export-all",
                    "--reuseaddr", "--verbose", "\(directory)",
                ], lifetime: .boundToTests)
            let deadline = ContinuousClock.now + .seconds(20)
            while process.isRunning, ContinuousClock.now < deadline {
                if isListening(port) {
                    do {
                        let result = try await body(
                            TestGitServer(address: "git://127.0.0.1:\(port)", directory: directory))
                        await process.stop()
                        return result
                    } catch {
                        await process.stop()
                        throw error
                    }
                }
                try await Task.sleep(for: .milliseconds(5))
            }
            // Somebody else has the port.
            await process.stop()
        }
        throw Failure(what: "git daemon does not start")
    }

    private static func isListening(_ port: Int) -> Bool {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        defer { close(descriptor) }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = UInt16(port).bigEndian
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        return withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) == 0
            }
        }
    }

    /// Makes an empty repository.
    public func repository(_ name: String = "r.git") async throws -> TestGitRepository {
        let repository = TestGitRepository(url: "\(address)/\(name)", directory: directory.appending(name))
        try await repository.git(
            ["init", "--quiet", "--initial-branch=main", repository.directory.string], inside: false)
        return repository
    }

    public struct Failure: Error, CustomStringConvertible {
        let what: String
        public var description: String { what }
    }
}

/// A repository with a work tree, to which tests add commits.
public struct TestGitRepository: Sendable {
    public let url: String
    public let directory: FilePath

    /// Writes files and commits them; returns the commit's name.
    @discardableResult
    public func commit(
        _ files: [String: String], executable: [String] = [], time: Int = 1_700_000_000
    ) async throws -> String {
        for (name, content) in files {
            let path = directory.pushing(FilePath(name))
            _ = try await ChildProcess.run("mkdir", ["-p", path.removingLastComponent().string])
            try TestDirectory.write(Array(content.utf8), to: path)
            if executable.contains(name) { chmod(path.string, 0o755) }
        }
        return try await commitAll(time: time)
    }

    /// Commits whatever has changed in the work tree.
    @discardableResult
    public func commitAll(time: Int = 1_700_000_000) async throws -> String {
        try await git(["add", "--all"])
        try await git(["commit", "--quiet", "--allow-empty", "--message=change"], time: time)
        return try await git(["rev-parse", "HEAD"]).filter { !$0.isWhitespace }
    }

    /// Runs git in the work tree.
    @discardableResult
    public func git(_ arguments: [String], inside: Bool = true, time: Int = 1_700_000_000) async throws -> String {
        let environment = [
            "PATH": "/usr/bin:/bin", "HOME": "/nonexistent", "GIT_CONFIG_NOSYSTEM": "1", "GIT_AUTHOR_NAME": "A",
            "GIT_AUTHOR_EMAIL": "a@example", "GIT_COMMITTER_NAME": "A", "GIT_COMMITTER_EMAIL": "a@example",
            "GIT_AUTHOR_DATE": "\(time) +0000", "GIT_COMMITTER_DATE": "\(time) +0000",
        ]
        let place = inside ? ["-C", directory.string] : []
        let result = try await ChildProcess.run("git", place + arguments, environment: environment)
        guard result.succeeded else { throw TestGitServer.Failure(what: "\(result)") }
        return result.output
    }
}
