// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import Glibc
public import SystemPackage

/// A repository's files on this host.
public struct GitCheckOut: Sendable {
    /// The directory that holds what was asked for: the checkout, or the subdirectory of it.
    public var directory: FilePath
    /// The commit's time, in seconds since 1970.
    public var commitTime: Int64
}

extension GitClient {
    /// Fetches a commit, as little of its history as the server allows, and checks it out.
    ///
    /// `.git` is left only when it is asked for and all of the repository is, with `origin` as its only remote and no
    /// password in it.
    /// - Parameters:
    ///   - directory: an empty directory, which gets the repository; when this throws, it has to be thrown away.
    ///   - scratch: a directory for work in progress.
    /// - Throws: ``RemoteError``, `CancellationError`.
    public func checkOut(
        _ resolved: ResolvedGitSource, into directory: FilePath, scratch: FilePath
    ) async throws -> GitCheckOut {
        let source = resolved.source
        let format = resolved.commit.utf8.count == 64 ? ["--object-format=sha256"] : []
        try await need(["init", "--quiet", "--template="] + format + ["--", directory.string], for: source)
        try await patiently { try await fetch(resolved, in: directory, scratch: scratch) }
        try await need(["checkout", "--quiet", "--force", "--detach", resolved.commit], for: source, in: directory)
        if !source.skipsSubmodules, Self.isFile(directory.appending(".gitmodules")) {
            try await need(["remote", "add", "origin", "--", source.address], for: source, in: directory)
            try await patiently {
                _ = try await need(
                    ["submodule", "--quiet", "update", "--init", "--recursive", "--depth=1"], for: source,
                    in: directory, scratch: scratch)
            }
            try await need(["remote", "remove", "origin"], for: source, in: directory)
        }
        let time = try await need(["log", "-1", "--format=%ct", resolved.commit], for: source, in: directory)
        let result = try subdirectory(source, of: directory)
        if source.keepsGitDirectory == true, result == directory {
            try await tidy(resolved, in: directory)
        } else {
            try Self.removeGitDirectories(below: directory)
        }
        return GitCheckOut(directory: result, commitTime: Int64(time.filter { !$0.isWhitespace }) ?? 0)
    }

    /// By the reference, by the commit, or at last everything: not every server hands out commits by name.
    private func fetch(_ resolved: ResolvedGitSource, in directory: FilePath, scratch: FilePath) async throws {
        let source = resolved.source
        let common = ["fetch", "--quiet", "--no-tags", "--no-recurse-submodules", "--update-head-ok"]
        var attempts: [[String]] = []
        if let reference = resolved.reference {
            let target = reference.hasPrefix("refs/tags/") ? reference : ""
            attempts.append(["--depth=1", "--", source.address, "+\(reference):\(target)"])
        }
        attempts.append(["--depth=1", "--", source.address, resolved.commit])
        attempts.append([
            "--", source.address, "+refs/heads/*:refs/manifold/heads/*", "+refs/tags/*:refs/manifold/tags/*",
        ])
        var last: Output?
        for arguments in attempts {
            let output = try await git(common + arguments, for: source, in: directory, scratch: scratch)
            if output.isSuccess {
                let check = try await git(
                    ["cat-file", "-e", resolved.commit + "^{commit}"], for: source, in: directory)
                if check.isSuccess { return }
            } else {
                last = output
                // A server that cannot be reached will not be for the next form either.
                if Self.failure(output, source).isTransient { break }
            }
        }
        if let last { throw Self.failure(last, source) }
        throw RemoteError(.referenceMissing(resolved.commit), subject: source.redacted)
    }

    /// Leaves a `.git` that depends on the commit and not on this host and this hour.
    private func tidy(_ resolved: ResolvedGitSource, in directory: FilePath) async throws {
        let source = resolved.source
        let git = directory.appending(".git")
        try await need(["remote", "add", "origin", "--", source.redacted], for: source, in: directory)
        // Written anew, the index has no inode numbers and times of the files here.
        try await need(["read-tree", resolved.commit], for: source, in: directory)
        for name in ["FETCH_HEAD", "ORIG_HEAD", "COMMIT_EDITMSG"] { unlink(git.appending(name).string) }
    }

    /// The directory that is meant, which no link may lead to.
    private func subdirectory(_ source: GitSource, of directory: FilePath) throws -> FilePath {
        var path = directory
        for part in (source.subdirectory ?? "").split(separator: "/") where part != "." {
            path.append(String(part))
            guard part != "..", part.lowercased() != ".git", Self.isDirectory(path) else {
                throw RemoteError(.subdirectoryMissing(source.subdirectory ?? ""), subject: source.redacted)
            }
        }
        return path
    }

    static func isFile(_ path: FilePath) -> Bool { kind(of: path) == S_IFREG }

    static func isDirectory(_ path: FilePath) -> Bool { kind(of: path) == S_IFDIR }

    private static func kind(of path: FilePath) -> mode_t? {
        var status = stat()
        return lstat(path.string, &status) == 0 ? status.st_mode & S_IFMT : nil
    }
}
