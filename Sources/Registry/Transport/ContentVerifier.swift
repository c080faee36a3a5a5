// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import Crypto
import OCI

/// Computes the digest of content that arrives piece by piece, by the algorithm of the digest it should have.
struct ContentVerifier {
    private enum Hash {
        case sha256(SHA256)
        case sha512(SHA512)
    }

    private var hash: Hash
    private(set) var count: Int64 = 0

    init(_ algorithm: OCI.Digest.Algorithm) {
        hash =
            switch algorithm {
            case .sha256: .sha256(SHA256())
            case .sha512: .sha512(SHA512())
            }
    }

    mutating func update(_ bytes: UnsafeRawBufferPointer) {
        count += Int64(bytes.count)
        switch hash {
        case .sha256(var state):
            state.update(bufferPointer: bytes)
            hash = .sha256(state)
        case .sha512(var state):
            state.update(bufferPointer: bytes)
            hash = .sha512(state)
        }
    }

    func digest() throws(OCIError) -> OCI.Digest {
        switch hash {
        case .sha256(let state): try OCI.Digest(algorithm: .sha256, bytes: state.finalize())
        case .sha512(let state): try OCI.Digest(algorithm: .sha512, bytes: state.finalize())
        }
    }

    static func digest(of bytes: [UInt8], _ algorithm: OCI.Digest.Algorithm = .sha256) throws(OCIError) -> OCI.Digest {
        var verifier = ContentVerifier(algorithm)
        bytes.withUnsafeBytes { verifier.update($0) }
        return try verifier.digest()
    }
}
