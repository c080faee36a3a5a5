// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

/// The name of some bytes by their hash: `sha256:` and 64 lower-case hexadecimal digits.
///
/// Only the registered algorithms of the OCI image specification are accepted (descriptor.md, "Digests").
public struct Digest: Hashable, Sendable {
    /// A registered hash algorithm.
    public enum Algorithm: String, Hashable, Sendable, CaseIterable {
        case sha256
        case sha512

        /// How many hexadecimal digits a digest of this algorithm has.
        public var encodedLength: Int {
            switch self {
            case .sha256: 64
            case .sha512: 128
            }
        }
    }

    /// The hash algorithm.
    public let algorithm: Algorithm

    /// The hash in lower-case hexadecimal.
    public let encoded: String

    /// Parses `algorithm:hex`.
    ///
    /// - Throws: ``OCIError/invalidDigest(_:)`` when the text is not a well-formed digest of a registered algorithm.
    public init(_ text: String) throws(OCIError) {
        let parts = text.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
        guard parts.count == 2, let algorithm = Algorithm(rawValue: String(parts[0])),
            parts[1].utf8.count == algorithm.encodedLength,
            parts[1].utf8.allSatisfy({ (48...57).contains($0) || (97...102).contains($0) })
        else { throw .invalidDigest(text) }
        self.algorithm = algorithm
        self.encoded = String(parts[1])
    }

    /// Makes a digest of raw hash bytes, which must be as many as the algorithm yields.
    ///
    /// - Throws: ``OCIError/invalidDigest(_:)`` when the length does not fit.
    public init(algorithm: Algorithm, bytes: some Sequence<UInt8>) throws(OCIError) {
        let encoded = Self.hexadecimal(bytes)
        guard encoded.utf8.count == algorithm.encodedLength else { throw .invalidDigest(encoded) }
        self.algorithm = algorithm
        self.encoded = encoded
    }

    init(sha256 bytes: some Sequence<UInt8>) {
        self.algorithm = .sha256
        self.encoded = Self.hexadecimal(bytes)
    }

    /// The first twelve digits, for people.
    public var short: String { String(encoded.prefix(12)) }

    private static func hexadecimal(_ bytes: some Sequence<UInt8>) -> String {
        var text: [UInt8] = []
        text.reserveCapacity(128)
        for byte in bytes {
            text.append(hexadecimalDigits[Int(byte >> 4)])
            text.append(hexadecimalDigits[Int(byte & 15)])
        }
        return String(decoding: text, as: UTF8.self)
    }

    private static let hexadecimalDigits = Array("0123456789abcdef".utf8)
}

extension Digest: CustomStringConvertible {
    public var description: String { "\(algorithm.rawValue):\(encoded)" }
}

extension Digest: Comparable {
    public static func < (left: Digest, right: Digest) -> Bool { left.description < right.description }
}

extension Digest: Codable {
    public init(from decoder: any Decoder) throws {
        try self.init(decoder.singleValueContainer().decode(String.self))
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(description)
    }
}
