// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

/// Makes lines of text from the raw bytes that a build step prints.
///
/// What a terminal would obey is taken out (ECMA-48 escape sequences, control characters), and what it would write
/// over is left out: of a progress bar drawn with carriage returns only the last state remains. Bytes that are no
/// UTF-8 become U+FFFD. Work is linear in the input, memory is bounded by ``longestLine``.
package struct LineAssembler: Sendable {
    /// A line with more bytes than this goes on in the next one.
    package static let longestLine = 4096

    /// A string command (OSC, DCS …) that nobody ended by then was none.
    private static let longestCommand = 4096

    private enum State: Sendable {
        case text
        case escape
        case control
        case command
        case commandEscape
    }

    private var bytes: [UInt8] = []
    private var state = State.text
    /// A carriage return came, so what comes next replaces the line.
    private var isReturned = false
    private var parameter = 0
    private var commandLength = 0

    package init() {}

    /// The line that has no end yet, as it stands; nil when there is none.
    package var partial: String? {
        bytes.isEmpty ? nil : Self.text(bytes[...])
    }

    /// Takes in bytes and gives back the lines that they completed.
    package mutating func append(_ input: [UInt8]) -> [String] {
        var lines: [String] = []
        var index = 0
        while index < input.count {
            if state == .text, Self.isPrintable(input[index]) {
                let limit = min(input.count, index + Self.longestLine + 4 - bytes.count)
                var end = index + 1
                while end < limit, Self.isPrintable(input[end]) { end += 1 }
                print(input[index..<end], into: &lines)
                index = end
            } else if interpret(input[index], into: &lines) {
                index += 1
            }
        }
        return lines
    }

    /// Ends the output: gives back the line that had no end, and starts afresh.
    package mutating func flush() -> String? {
        defer { self = LineAssembler() }
        return partial
    }

    private mutating func print(_ run: ArraySlice<UInt8>, into lines: inout [String]) {
        if isReturned {
            bytes.removeAll(keepingCapacity: true)
            isReturned = false
        }
        bytes.append(contentsOf: run)
        guard bytes.count > Self.longestLine else { return }
        var cut = Self.longestLine
        while cut > Self.longestLine - 4, bytes[cut] & 0xC0 == 0x80 { cut -= 1 }
        lines.append(Self.text(bytes[..<cut]))
        bytes.removeFirst(cut)
    }

    /// Handles a byte that is not printed as it is; false when the state changed and the byte must be looked at again.
    private mutating func interpret(_ byte: UInt8, into lines: inout [String]) -> Bool {
        // The end of a line ends everything, so that a stray escape swallows no more than the line it is on.
        if state != .text, byte == 0x0A || byte == 0x0D { state = .text }
        switch state {
        case .text:
            control(byte, into: &lines)
        case .escape:
            return escape(byte)
        case .control:
            return controlSequence(byte)
        case .command:
            commandLength += 1
            if byte == 0x07 || commandLength > Self.longestCommand { state = .text }
            if byte == 0x1B { state = .commandEscape }
        case .commandEscape:
            guard byte == UInt8(ascii: "\\") else {
                state = .escape
                return false
            }
            state = .text
        }
        return true
    }

    private mutating func control(_ byte: UInt8, into lines: inout [String]) {
        switch byte {
        case 0x0A:
            lines.append(Self.text(bytes[...]))
            bytes.removeAll(keepingCapacity: true)
            isReturned = false
        case 0x0D: isReturned = true
        case 0x1B: state = .escape
        case 0x08 where !isReturned:
            while let last = bytes.popLast(), last & 0xC0 == 0x80 {}
        default: break
        }
    }

    private mutating func escape(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "["):
            state = .control
            parameter = 0
        case UInt8(ascii: "]"), UInt8(ascii: "P"), UInt8(ascii: "X"), UInt8(ascii: "^"), UInt8(ascii: "_"):
            state = .command
            commandLength = 0
        case 0x20...0x2F, 0x1B: break
        case 0x30...0x7E: state = .text
        default:
            state = .text
            return false
        }
        return true
    }

    private mutating func controlSequence(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): parameter = min(parameter * 10 + Int(byte) - 48, 9999)
        case 0x20...0x3F: break
        case 0x40...0x7E:
            state = .text
            // Two more ways to begin a line anew: to the first column, and erase all of it.
            if byte == UInt8(ascii: "G"), parameter <= 1 { isReturned = true }
            if byte == UInt8(ascii: "K"), parameter == 2 { isReturned = true }
        case 0x1B: state = .escape
        default:
            state = .text
            return false
        }
        return true
    }

    private static func isPrintable(_ byte: UInt8) -> Bool {
        (byte >= 0x20 && byte != 0x7F) || byte == 0x09
    }

    private static func text(_ bytes: ArraySlice<UInt8>) -> String {
        SafeText.line(String(decoding: bytes, as: UTF8.self))
    }
}
