// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import HTTP
import OCI
import SystemPackage

/// What has come of a download so far.
struct Transfer {
    let url: WebURL
    let file: FileDescriptor
    let known: FileVersion
    let isPinned: Bool
    var digester = Digester()
    /// The version that the bytes so far are of.
    var version: FileVersion?

    /// A file can be taken up again by what surely names its bytes.
    var condition: String? {
        guard digester.count > 0, let version else { return nil }
        if let tag = version.tag, !tag.hasPrefix("W/") { return tag }
        return version.modified
    }

    /// Throws away what has come.
    mutating func restart() throws {
        digester = Digester()
        version = nil
        try file.seek(offset: 0, from: .start)
        try file.resize(to: 0)
    }

    /// Runs something that touches the file; its errors say which download they belong to.
    mutating func wrap(_ body: (inout Self) throws -> Void) throws {
        do { try body(&self) } catch let error as Errno {
            throw RemoteError(.file, subject: url.redacted, detail: "\(error)")
        }
    }
}
