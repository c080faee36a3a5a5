// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

/// Where something is inside a layer or a tree: raw bytes, relative to the root, without `.`, `..` or empty parts.
///
/// Linux file names are bytes, not text; names that are not UTF-8 survive unchanged. The empty path is the root.
/// Paths are ordered so that a directory comes right before everything in it, and siblings by their bytes.
public struct TreePath: Hashable, Sendable {
    /// The path's bytes, parts separated by `/`; empty for the root.
    public let bytes: [UInt8]

    /// The root of the tree.
    public static let root = TreePath(unchecked: [])

    /// The longest path that is accepted (PATH_MAX without the final NUL).
    public static let maximumLength = 4095

    /// The longest part of a path that is accepted (NAME_MAX).
    public static let maximumNameLength = 255

    /// Parses a path; a leading `/`, doubled and trailing slashes and `.` parts are dropped.
    ///
    /// - Throws: ``LayersError/invalidPath(_:reason:)`` for `..`, a NUL byte, or more length than Linux allows.
    public init(_ text: String) throws(LayersError) {
        try self.init(bytes: Array(text.utf8))
    }

    /// Parses a path of raw bytes; a leading `/`, doubled and trailing slashes and `.` parts are dropped.
    ///
    /// - Throws: ``LayersError/invalidPath(_:reason:)`` for `..`, a NUL byte, or more length than Linux allows.
    public init(bytes: some Collection<UInt8>) throws(LayersError) {
        var normal: [UInt8] = []
        normal.reserveCapacity(bytes.count)
        for part in bytes.split(separator: slash) {
            if part.elementsEqual([dot]) { continue }
            if part.elementsEqual([dot, dot]) { throw Self.invalid(bytes, "\"..\" is not allowed") }
            if part.contains(0) { throw Self.invalid(bytes, "it contains a NUL byte") }
            if part.count > Self.maximumNameLength { throw Self.invalid(bytes, "a part is longer than 255 bytes") }
            if !normal.isEmpty { normal.append(slash) }
            normal.append(contentsOf: part)
        }
        if normal.count > Self.maximumLength { throw Self.invalid(bytes, "it is longer than 4095 bytes") }
        self.bytes = normal
    }

    init(unchecked bytes: [UInt8]) { self.bytes = bytes }

    /// Parses a path in which `..` takes away the part before it.
    ///
    /// - Throws: ``LayersError/invalidPath(_:reason:)`` when it leads out of the root, and as ``init(bytes:)`` does.
    init(cleaning bytes: [UInt8]) throws(LayersError) {
        var parts: [ArraySlice<UInt8>] = []
        for part in bytes.split(separator: slash) where !part.elementsEqual([dot]) {
            guard part.elementsEqual([dot, dot]) else {
                parts.append(part)
                continue
            }
            if parts.popLast() == nil { throw Self.invalid(bytes, "it leads out of the archive") }
        }
        try self.init(bytes: Array(parts.joined(separator: [slash])))
    }

    private static func invalid(_ bytes: some Collection<UInt8>, _ reason: String) -> LayersError {
        .invalidPath(printable(bytes.prefix(200)), reason: reason)
    }

    /// Whether this is the root.
    public var isRoot: Bool { bytes.isEmpty }

    /// The path as text, or nil when its bytes are not UTF-8.
    public var string: String? { String(validating: bytes, as: UTF8.self) }

    /// The parts of the path; none for the root.
    public var components: [ArraySlice<UInt8>] { bytes.split(separator: slash) }

    /// The last part; empty for the root.
    public var name: ArraySlice<UInt8> {
        guard let index = bytes.lastIndex(of: slash) else { return bytes[...] }
        return bytes[(index + 1)...]
    }

    /// The directory that holds this; nil for the root.
    public var parent: TreePath? {
        if isRoot { return nil }
        guard let index = bytes.lastIndex(of: slash) else { return .root }
        return TreePath(unchecked: Array(bytes[..<index]))
    }

    /// This path with another one below it.
    ///
    /// - Throws: ``LayersError/invalidPath(_:reason:)`` when the result would be too long.
    public func appending(_ path: TreePath) throws(LayersError) -> TreePath {
        if path.isRoot { return self }
        if isRoot { return path }
        let joined = self.appending(name: path.bytes)
        if joined.bytes.count > Self.maximumLength {
            throw Self.invalid(joined.bytes, "it is longer than 4095 bytes")
        }
        return joined
    }

    /// Whether this is `directory` or something below it.
    public func isWithin(_ directory: TreePath) -> Bool {
        directory.isRoot || bytes == directory.bytes
            || (bytes.count > directory.bytes.count && bytes[directory.bytes.count] == slash
                && bytes.starts(with: directory.bytes))
    }

    func appending(name: some Collection<UInt8>) -> TreePath {
        var joined: [UInt8] = []
        joined.reserveCapacity(bytes.count + name.count + 1)
        joined.append(contentsOf: bytes)
        if !isRoot { joined.append(slash) }
        joined.append(contentsOf: name)
        return TreePath(unchecked: joined)
    }
}

extension TreePath: Comparable {
    public static func < (left: TreePath, right: TreePath) -> Bool {
        left.bytes.withUnsafeBytes { left in
            right.bytes.withUnsafeBytes { right in order(left, right) < 0 }
        }
    }

    /// Less than, equal to or greater than zero as `left` comes before, is or comes after `right`; a slash sorts before
    /// every other byte, so that what is inside a directory follows it at once.
    static func order(_ left: UnsafeRawBufferPointer, _ right: UnsafeRawBufferPointer) -> Int {
        let count = min(left.count, right.count)
        var index = 0
        while index < count {
            let (one, other) = (left[index], right[index])
            if one != other {
                if one == slash { return -1 }
                if other == slash { return 1 }
                return Int(one) - Int(other)
            }
            index += 1
        }
        return left.count - right.count
    }
}

extension TreePath: CustomStringConvertible {
    /// The path for people; bytes that are not UTF-8 or would disturb a terminal are written `\xNN`.
    public var description: String { printable(bytes) }
}

let slash = UInt8(ascii: "/")
let dot = UInt8(ascii: ".")

/// Bytes as text that is safe to show.
func printable(_ bytes: some Collection<UInt8>) -> String {
    if let text = String(validating: Array(bytes), as: UTF8.self),
        text.unicodeScalars.allSatisfy({ $0.value >= 32 && $0.value != 127 })
    {
        return text
    }
    var text = ""
    for byte in bytes {
        if (32..<127).contains(byte) {
            text.unicodeScalars.append(Unicode.Scalar(byte))
        } else {
            text += "\\x" + (byte < 16 ? "0" : "") + String(byte, radix: 16)
        }
    }
    return text
}
