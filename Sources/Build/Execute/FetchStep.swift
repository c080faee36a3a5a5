// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import Glibc
import HTTP
import Layers
import OCI
import Remote
import Store
import SystemPackage

/// Gets what ADD copies from the network into the store, or finds that it is there.
struct FetchStep: Sendable {
    let store: Store
    let network: NetworkAccess

    /// - Parameter progress: is told how many bytes have come, and how many there are when that is known.
    /// - Throws: ``RemoteError``, ``StoreError``, `CancellationError`.
    func run(
        _ operation: FetchOperation, policy: CachePolicy, progress: @escaping @Sendable (Int64, Int64?) -> Void
    ) async throws -> (FetchedFiles, BuildEvent.Outcome) {
        switch operation {
        case .file(let url, let checksum): try await download(url, checksum, policy, progress)
        case .repository(let source): try await checkOut(source, policy)
        }
    }

    // MARK: Files

    private func download(
        _ url: WebURL, _ checksum: Digest?, _ policy: CachePolicy,
        _ progress: @escaping @Sendable (Int64, Int64?) -> Void
    ) async throws -> (FetchedFiles, BuildEvent.Outcome) {
        let known = policy == .use ? try store.download(from: url.text) : nil
        // What has the right digest need not be asked for.
        if let known, known.digest == checksum { return (try files(url, known), .cached) }
        let usable = checksum == nil ? known : nil
        let (path, file) = try store.scratch.newFile("download")
        defer {
            try? file.close()
            unlink(path.string)
        }
        let download: Download
        do {
            download = try await network.downloader.download(
                url, unlessStill: FileVersion(tag: usable?.tag, modified: usable?.modified), isPinned: checksum != nil,
                into: file, progress: progress)
        } catch {
            throw store.namingDisk(in: error)
        }
        switch download {
        case .unchanged:
            guard let usable else {
                throw RemoteError(.malformedAnswer, subject: url.redacted, detail: "it is said to be unchanged")
            }
            return (try files(url, usable), .cached)
        case .fetched(let fetched):
            if let checksum, fetched.digest != checksum {
                throw RemoteError(
                    .checksumMismatch(expected: checksum, actual: fetched.digest), subject: url.redacted)
            }
            try store.adoptBlob(fetched.digest, from: path)
            let record = DownloadRecord(
                digest: fetched.digest, size: fetched.size, tag: fetched.version.tag,
                modified: fetched.version.modified)
            try store.save(record, from: url.text)
            let outcome: BuildEvent.Outcome = record.digest == known?.digest ? .cached : .done
            return (try files(url, record), outcome)
        }
    }

    /// A file that only its owner may read, as nobody knows who may read it where it came from.
    private func files(_ url: WebURL, _ record: DownloadRecord) throws -> FetchedFiles {
        let version = FileVersion(tag: record.tag, modified: record.modified)
        let name = try TreePath(bytes: Array(url.fileName.utf8))
        let entry = TreeEntry(
            path: name, kind: .file, mode: 0o600, size: record.size,
            modificationTime: FileTime(seconds: version.modificationTime), digest: record.digest)
        return FetchedFiles(
            index: try LayerIndex(entries: [entry]), root: name, place: .blob(record.digest), store: store)
    }

    // MARK: Repositories

    private func checkOut(
        _ source: GitSource, _ policy: CachePolicy
    ) async throws -> (FetchedFiles, BuildEvent.Outcome) {
        let resolved = try await network.git.resolve(source)
        let key = Self.key(resolved)
        if policy == .use, let record = try store.step(key), let directory = store.snapshot(record.diffID),
            let bytes = try Files.read(store.indexPath(record.diffID), limit: 1 << 30),
            let index = try? LayerIndex(encoded: bytes)
        {
            return (FetchedFiles(index: index, root: .root, place: .directory(directory), store: store), .cached)
        }
        let scratch = try store.scratch.newDirectory("git")
        defer { try? Files.removeTree(scratch) }
        let directory = scratch.appending("files")
        try Files.makeDirectories(directory)
        let result = try await network.git.checkOut(resolved, into: directory, scratch: scratch)
        let time = source.modificationTime == .commit ? result.commitTime : Timestamp.now
        let index = try CheckOutIndex.index(of: result.directory, time: FileTime(seconds: time))
        let name = Digest.sha256(of: index.encoded)
        let snapshot = try store.adoptSnapshot(name, from: result.directory)
        try Files.write(index.encoded, to: store.indexPath(name))
        try store.save(StepRecord(diffID: name, created: Timestamp.text(seconds: Timestamp.now)), for: key)
        return (FetchedFiles(index: index, root: .root, place: .directory(snapshot), store: store), .done)
    }

    /// Names what is checked out. A commit's name says all of its files; with `.git` it is also from where they are.
    private static func key(_ resolved: ResolvedGitSource) -> Digest {
        let source = resolved.source
        var key = KeyBuilder("git")
        key.add([
            source.redacted, resolved.commit, source.subdirectory ?? "", String(source.skipsSubmodules),
            source.modificationTime.rawValue,
        ])
        key.add(source.keepsGitDirectory == true ? [resolved.reference ?? ""] : [])
        return key.digest
    }
}
