// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

/// Percent-encoding of URLs (RFC 3986 §2.1).
package enum PercentEncoding {
    /// The text with every `%XX` replaced by its byte; nil when a `%` is followed by something else, or the bytes are
    /// not UTF-8.
    package static func decode(_ text: Substring, plusIsBlank: Bool = false) -> String? {
        var bytes: [UInt8] = []
        var rest = text.utf8[...]
        while let byte = rest.popFirst() {
            if byte == UInt8(ascii: "+"), plusIsBlank {
                bytes.append(UInt8(ascii: " "))
            } else if byte != UInt8(ascii: "%") {
                bytes.append(byte)
            } else {
                guard let high = rest.popFirst().flatMap(digit), let low = rest.popFirst().flatMap(digit) else {
                    return nil
                }
                bytes.append(high << 4 | low)
            }
        }
        return String(validating: bytes, as: UTF8.self)
    }

    /// The text with every byte encoded that cannot stand in a URL as it is.
    package static func encodeForeign(_ text: Substring) -> String {
        encode(text) { $0 <= 32 || $0 >= 127 || "\"<>\\^`{|}".utf8.contains($0) }
    }

    /// The text with everything encoded but unreserved characters (§2.3).
    package static func encode(_ text: String) -> String {
        encode(text[...]) { !($0.isAlphanumeric || "-._~".utf8.contains($0)) }
    }

    private static func encode(_ text: Substring, where isForeign: (UInt8) -> Bool) -> String {
        var encoded: [UInt8] = []
        for byte in text.utf8 {
            if isForeign(byte) {
                encoded += [UInt8(ascii: "%"), hex(byte >> 4), hex(byte & 15)]
            } else {
                encoded.append(byte)
            }
        }
        return String(decoding: encoded, as: UTF8.self)
    }

    private static func digit(_ byte: UInt8) -> UInt8? {
        switch byte {
        case 48...57: byte - 48
        case 65...70: byte - 55
        case 97...102: byte - 87
        default: nil
        }
    }

    private static func hex(_ digit: UInt8) -> UInt8 { digit < 10 ? 48 + digit : 55 + digit }
}
