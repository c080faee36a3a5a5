// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

public import OCI
import SystemPackage

/// What identifies a state of a file's content without reading it: any write changes the change time, which programs
/// cannot set.
public struct FileIdentity: Hashable, Sendable {
    public var device: UInt64
    public var inode: UInt64
    public var size: Int64
    /// Nanoseconds since 1970.
    public var modified: Int64
    /// Nanoseconds since 1970.
    public var changed: Int64

    public init(device: UInt64, inode: UInt64, size: Int64, modified: Int64, changed: Int64) {
        self.device = device
        self.inode = inode
        self.size = size
        self.modified = modified
        self.changed = changed
    }
}

/// Digests of files in a build context, so that an unchanged file is not read again.
public struct FileDigests: Sendable {
    private var digests: [FileIdentity: Digest] = [:]

    public init() {}

    /// The digest of a file in this state, if it is known.
    public subscript(identity: FileIdentity) -> Digest? {
        get { digests[identity] }
        set { digests[identity] = newValue }
    }

    /// Takes over what the other one knows besides, up to a number of files: the same context may be built with
    /// different sets of files in turn, but what is gone for long need not be kept.
    public func merging(_ other: FileDigests, limit: Int = 200_000) -> FileDigests {
        var merged = self
        for (identity, digest) in other.digests where merged.digests.count < limit {
            if merged.digests[identity] == nil { merged.digests[identity] = digest }
        }
        return merged
    }

    /// One file a line: device, inode, size, times and the digest.
    init(text: [UInt8]) {
        var start = text.startIndex
        while start < text.endIndex {
            let end = text[start...].firstIndex(of: UInt8(ascii: "\n")) ?? text.endIndex
            add(line: text[start..<end])
            start = end + 1
        }
    }

    private mutating func add(line: ArraySlice<UInt8>) {
        let fields = line.split(separator: UInt8(ascii: " ")).map { String(decoding: $0, as: UTF8.self) }
        guard fields.count == 6, let device = UInt64(fields[0]), let inode = UInt64(fields[1]),
            let size = Int64(fields[2]), let modified = Int64(fields[3]), let changed = Int64(fields[4]),
            let digest = try? Digest("sha256:" + fields[5])
        else { return }
        let identity = FileIdentity(device: device, inode: inode, size: size, modified: modified, changed: changed)
        digests[identity] = digest
    }

    /// Hands out the lines in pieces, since all together may be many megabytes; nil at the end.
    func pieces(lines: Int = 1_000) -> () -> [UInt8]? {
        var rest = digests.makeIterator()
        return {
            var piece: [UInt8] = []
            for _ in 0..<lines {
                guard let (identity, digest) = rest.next() else { break }
                let numbers = "\(identity.device) \(identity.inode) \(identity.size)"
                let times = "\(identity.modified) \(identity.changed)"
                piece.append(contentsOf: "\(numbers) \(times) \(digest.encoded)\n".utf8)
            }
            return piece.isEmpty ? nil : piece
        }
    }
}

extension Store {
    /// What is remembered of the files of a context.
    ///
    /// - Parameter context: names the context, as by its path.
    public func fileDigests(of context: String) throws -> FileDigests {
        FileDigests(text: try Files.read(fileDigestsPath(context), limit: 1 << 30) ?? [])
    }

    /// Remembers the digests of a context's files.
    ///
    /// - Throws: ``StoreError``.
    public func save(_ digests: FileDigests, of context: String) throws {
        try Files.write(piecesFrom: digests.pieces(), to: fileDigestsPath(context))
    }

    private func fileDigestsPath(_ context: String) -> FilePath {
        root.appending("files").appending(Digest.sha256(of: context).encoded)
    }
}
