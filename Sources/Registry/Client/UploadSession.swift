// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import HTTP
import NIOHTTP1

/// An upload that a registry has begun: where it goes on, and how much of it has arrived.
struct UploadSession: Sendable {
    /// Where the next bytes go. A registry keeps its own notes in there, so each answer's is the only right one.
    var address: WebURL
    /// How many bytes the registry has.
    var offset: Int64 = 0
    /// The smallest piece that the registry takes, but for the last one.
    var smallestPiece: Int64 = 0

    /// The number of bytes that a `Range` header of an answer to an upload means, which names the last of them.
    ///
    /// `0-0` means one byte to some registries, and none to others (docker-registry says so of an empty upload): then it means
    /// nothing that can be relied on.
    static func received(_ headers: HTTPHeaders) -> Int64? {
        guard var text = headers.first(name: "Range")?[...] else { return nil }
        if text.lowercased().hasPrefix("bytes=") { text = text.dropFirst(6) }
        let parts = text.split(separator: "-", omittingEmptySubsequences: false)
        guard parts.count == 2, Int64(parts[0]) == 0, let last = Int64(parts[1]), last > 0, last < .max else {
            return nil
        }
        return last + 1
    }
}
