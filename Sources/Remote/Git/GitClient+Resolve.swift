// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

/// The commit that a ``GitSource`` stands for now.
public struct ResolvedGitSource: Hashable, Sendable {
    /// What was asked for.
    public var source: GitSource
    /// The whole name of the commit.
    public var commit: String
    /// The full name of the reference that is there; nil when the commit itself was named.
    public var reference: String?
    /// The tag's own name when the reference is an annotated tag.
    var tagObject: String?
}

extension GitClient {
    /// Asks the repository which commit is meant; one that is named whole is not asked for.
    ///
    /// - Throws: ``RemoteError``, `CancellationError`.
    public func resolve(_ source: GitSource) async throws -> ResolvedGitSource {
        if let reference = source.reference, GitSource.isCommit(reference) {
            return try checked(ResolvedGitSource(source: source, commit: reference))
        }
        let name = source.reference ?? "HEAD"
        let listing = try await patiently {
            try await need(["ls-remote", "--", source.address, name, name + "^{}"], for: source)
        }
        var found: [String: String] = [:]
        for line in listing.split(whereSeparator: \.isNewline) {
            let parts = line.split(separator: "\t", maxSplits: 1).map(String.init)
            guard parts.count == 2, GitSource.isCommit(parts[0]) else { continue }
            found[parts[1]] = parts[0]
        }
        // As git-checkout does, branches go before tags of the same name.
        let candidates = [name, "refs/" + name, "refs/heads/" + name, "refs/tags/" + name]
        for candidate in candidates where candidate == "HEAD" || candidate.hasPrefix("refs/") {
            guard let object = found[candidate] else { continue }
            let peeled = found[candidate + "^{}"]
            return try checked(
                ResolvedGitSource(
                    source: source, commit: peeled ?? object, reference: candidate,
                    tagObject: peeled == nil ? nil : object))
        }
        let isShort = (4..<40).contains(name.utf8.count) && name.utf8.allSatisfy(GitSource.isHexadecimal)
        throw RemoteError(
            .referenceMissing(name), subject: source.redacted,
            detail: isShort ? "a commit has to be named by all of its digits" : nil)
    }

    /// Holds the commit against the checksum, which may be its first digits, or an annotated tag's.
    private func checked(_ resolved: ResolvedGitSource) throws -> ResolvedGitSource {
        guard let checksum = resolved.source.checksum else { return resolved }
        guard (7...64).contains(checksum.utf8.count), checksum.utf8.allSatisfy(GitSource.isHexadecimal) else {
            throw RemoteError(
                .malformedSource, subject: resolved.source.redacted,
                detail: "invalid checksum \"\(checksum)\": it must be the commit, or its first digits (at least 7)")
        }
        guard resolved.commit.hasPrefix(checksum) || resolved.tagObject?.hasPrefix(checksum) == true else {
            throw RemoteError(
                .commitMismatch(expected: checksum, actual: resolved.commit), subject: resolved.source.title)
        }
        return resolved
    }

    /// Tries again when the network failed.
    func patiently<Result: Sendable>(_ body: () async throws -> Result) async throws -> Result {
        var attempt = 1
        while true {
            do { return try await body() } catch let error as RemoteError {
                guard error.isTransient, attempt < 3 else {
                    var error = error
                    error.attempts = attempt
                    throw error
                }
                try await Task.sleep(for: .milliseconds(500 << attempt))
                attempt += 1
            }
        }
    }
}
