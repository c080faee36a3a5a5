// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

package import OCI

/// Hashes the parts of a cache key, each with its length, so that no two lists of parts give the same bytes.
package struct KeyBuilder {
    private var digester = Digester()

    /// - Parameter purpose: keeps keys of different things apart; changes when what a key means changes.
    package init(_ purpose: String) { add(purpose) }

    package mutating func add(_ text: String) {
        add(Array(text.utf8))
    }

    package mutating func add(_ bytes: [UInt8]) {
        withUnsafeBytes(of: UInt64(bytes.count).littleEndian) { digester.update($0) }
        bytes.withUnsafeBytes { digester.update($0) }
    }

    package mutating func add(_ list: [String]) {
        add(String(list.count))
        for text in list { add(text) }
    }

    package var digest: Digest { digester.digest() }
}
