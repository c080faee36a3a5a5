// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

/// Sizes as Docker's flags have them: `64m`, `1.5GiB`, `1024`.
public enum ByteCount {
    /// The number of bytes; units are powers of 1024. Nil when the text is no size.
    public static func parse(_ text: String) -> Int64? {
        let number = text.unicodeScalars.prefix { $0.isASCIIDigit || $0 == "." }
        guard let first = number.first, first.isASCIIDigit, let value = Double(String(number)) else { return nil }
        let unit = String(text.unicodeScalars.dropFirst(number.count).drop { $0 == " " }).lowercased()
        let powers = ["": 0, "b": 0, "k": 1, "m": 2, "g": 3, "t": 4, "p": 5]
        var name = unit
        for suffix in ["ib", "b"] where name.count > suffix.count && name.hasSuffix(suffix) {
            name.removeLast(suffix.count)
            break
        }
        guard let power = powers[name] else { return nil }
        let bytes = (0..<power).reduce(value) { product, _ in product * 1024 }
        return bytes < 0x1p62 ? Int64(bytes) : nil
    }
}
