// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

/// Lines of the file as BuildKit's JSON has them; all are of the first source.
struct SourceLocation: Encodable {
    struct Range: Encodable {
        var start: Position
        var end: Position
    }

    struct Position: Encodable {
        var line: Int
    }

    var ranges: [Range]

    init(_ lines: ClosedRange<Int>) {
        ranges = [Range(start: Position(line: lines.lowerBound), end: Position(line: lines.upperBound))]
    }
}

/// The encoding of RFC 4648, section 4: how Go's JSON has bytes.
enum Base64 {
    private static let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)

    static func encoded(_ text: String) -> String {
        var output: [UInt8] = []
        let bytes = Array(text.utf8)
        output.reserveCapacity((bytes.count + 2) / 3 * 4)
        for start in stride(from: 0, to: bytes.count, by: 3) {
            let count = min(3, bytes.count - start)
            var group: UInt32 = 0
            for offset in 0..<3 { group = group << 8 | (offset < count ? UInt32(bytes[start + offset]) : 0) }
            for place in 0..<4 {
                output.append(
                    place <= count ? alphabet[Int(group >> UInt32(18 - 6 * place) & 63)] : UInt8(ascii: "="))
            }
        }
        return String(decoding: output, as: UTF8.self)
    }
}

/// A table for people: columns as wide as what stands in them.
package enum Columns {
    /// - Parameter rows: the title row first; the last column of a row is not filled up.
    package static func text(_ rows: [[String]]) -> String {
        var widths: [Int] = []
        for row in rows {
            for (index, cell) in row.enumerated() {
                if index == widths.count { widths.append(0) }
                widths[index] = max(widths[index], cell.count)
            }
        }
        return rows.map { row in
            var line = ""
            for (index, cell) in row.enumerated() {
                line += cell
                if index < row.count - 1, row[(index + 1)...].contains(where: { !$0.isEmpty }) {
                    line += String(repeating: " ", count: widths[index] - cell.count + 3)
                }
            }
            return line + "\n"
        }.joined()
    }
}
