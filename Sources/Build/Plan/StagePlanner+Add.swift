// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import Dockerfile
import OCI
import Remote

extension StagePlanner {
    /// An ADD as a copy, and what has to be fetched for it, each with the number of the source that asks for it first.
    ///
    /// - Throws: ``DockerfileError``.
    func operation(
        for add: Add, at instruction: Instruction
    ) throws -> (copy: CopyOperation, fetches: [(operation: FetchOperation, source: Int)]) {
        if add.checksum != nil, add.transfer.sources.count + add.transfer.inlineFiles.count != 1 {
            throw instruction.error("checksum can't be specified for multiple sources", culprit: "--checksum")
        }
        var copy = try operation(for: add.transfer, at: instruction)
        copy.unpacksArchives = add.unpack ?? true
        copy.unpacksDownloads = add.unpack ?? false
        var fetches: [(operation: FetchOperation, source: Int)] = []
        copy.sources = try add.transfer.sources.enumerated().map { number, text in
            guard let remote = try Self.remote(text, at: instruction) else { return .path(text) }
            let fetch = try Self.fetch(remote, for: add, at: instruction)
            // The same thing twice is copied twice but fetched once.
            if let known = fetches.firstIndex(where: { $0.operation == fetch }) { return .fetched(known) }
            fetches.append((fetch, number))
            return .fetched(fetches.count - 1)
        }
        if add.checksum != nil, fetches.isEmpty {
            throw instruction.error("checksum requires HTTP(S) or Git sources", culprit: "--checksum")
        }
        return (copy, fetches)
    }

    /// What a source names on the network; nil for a path.
    static func remote(_ text: String, at instruction: Instruction) throws -> RemoteSource? {
        do { return try RemoteSource(text) } catch {
            throw instruction.error(error.description, culprit: text)
        }
    }

    private static func fetch(
        _ remote: RemoteSource, for add: Add, at instruction: Instruction
    ) throws -> FetchOperation {
        switch remote {
        case .file(let url):
            let checksum = try add.checksum.flatMap { $0.isEmpty ? nil : $0 }.map { text in
                guard let digest = try? Digest(text), digest.algorithm == .sha256 else {
                    throw instruction.error(
                        "invalid checksum \"\(text)\": it must be sha256: and 64 hexadecimal digits", culprit: text)
                }
                return digest
            }
            return .file(url, checksum: checksum)
        case .git(var source):
            if let keeps = add.keepGitDirectory {
                if let inQuery = source.keepsGitDirectory, inQuery != keeps {
                    throw instruction.error("inconsistent keep-git-dir configuration", culprit: "--keep-git-dir")
                }
                source.keepsGitDirectory = keeps
            }
            // Not said and denied is the same.
            if source.keepsGitDirectory == false { source.keepsGitDirectory = nil }
            if let checksum = add.checksum, !checksum.isEmpty {
                if let inQuery = source.checksum, inQuery != checksum {
                    throw instruction.error("checksum mismatch \"\(checksum)\" != \"\(inQuery)\"", culprit: checksum)
                }
                source.checksum = checksum
            }
            return .repository(source)
        }
    }
}
