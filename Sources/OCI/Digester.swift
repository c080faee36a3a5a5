// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

internal import Crypto

/// Computes a ``Digest`` of bytes that arrive piece by piece.
public struct Digester: Sendable {
    private var hash = SHA256()

    /// How many bytes were fed so far.
    public private(set) var count: Int64 = 0

    /// Starts a SHA-256 computation.
    public init() {}

    /// Adds bytes.
    public mutating func update(_ bytes: UnsafeRawBufferPointer) {
        hash.update(bufferPointer: bytes)
        count += Int64(bytes.count)
    }

    /// Adds bytes.
    public mutating func update(_ bytes: some Collection<UInt8>) {
        let contiguous: Void? = bytes.withContiguousStorageIfAvailable { update(UnsafeRawBufferPointer($0)) }
        if contiguous == nil { Array(bytes).withUnsafeBytes { update($0) } }
    }

    /// The digest of everything fed so far; feeding may go on.
    public func digest() -> Digest {
        Digest(sha256: hash.finalize())
    }
}

extension Digest {
    /// The SHA-256 digest of `bytes`.
    public static func sha256(of bytes: some Collection<UInt8>) -> Digest {
        var digester = Digester()
        digester.update(bytes)
        return digester.digest()
    }

    /// The SHA-256 digest of the UTF-8 bytes of `text`.
    public static func sha256(of text: String) -> Digest {
        var text = text
        return text.withUTF8 { buffer in
            var digester = Digester()
            digester.update(UnsafeRawBufferPointer(buffer))
            return digester.digest()
        }
    }
}
