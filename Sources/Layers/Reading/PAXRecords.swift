// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

/// The records of a pax extended header, as far as a layer needs them (POSIX.1-2017 pax; GNU's and Schily's own keys).
struct PAXRecords {
    var path: [UInt8]?
    var linkPath: [UInt8]?
    var size: Int64?
    var uid: Int64?
    var gid: Int64?
    var modificationTime: FileTime?
    var deviceMajor: Int64?
    var deviceMinor: Int64?
    var xattrs: [String: [UInt8]] = [:]
    var sparse = Sparse()

    /// GNU's ways to describe a sparse file in a pax header: versions 0.0, 0.1 and 1.0.
    struct Sparse {
        var major: Int64?
        var name: [UInt8]?
        var size: Int64?
        var pairs: [Int64] = []
        var hasMap = false
    }

    /// Reads the header's body on top of what is there (global records first, then an entry's own).
    mutating func read(_ body: [UInt8]) throws {
        // Version 0.0 repeats keys, so an entry's list must not start from another's.
        sparse = Sparse()
        var rest = body[...]
        while let first = rest.first, first != 0 {
            guard let space = rest.prefix(20).firstIndex(of: UInt8(ascii: " ")),
                let length = Self.decimal(rest[rest.startIndex..<space]), length <= Int64(rest.count),
                rest.startIndex + Int(length) > space + 1,
                rest[rest.startIndex + Int(length) - 1] == 10
            else { throw Self.malformed("a pax record has a wrong length") }
            let record = rest[(space + 1)..<(rest.startIndex + Int(length) - 1)]
            rest = rest.dropFirst(Int(length))
            guard let equals = record.firstIndex(of: UInt8(ascii: "=")) else {
                throw Self.malformed("a pax record has no =")
            }
            try set(String(decoding: record[..<equals], as: UTF8.self), Array(record[(equals + 1)...]))
        }
    }

    private mutating func set(_ key: String, _ value: [UInt8]) throws {
        switch key {
        case "path": path = value.isEmpty ? nil : value
        case "linkpath": linkPath = value.isEmpty ? nil : value
        case "size": size = try Self.count(value, key)
        case "uid": uid = try Self.count(value, key)
        case "gid": gid = try Self.count(value, key)
        case "mtime": modificationTime = value.isEmpty ? nil : try Self.time(value)
        case "SCHILY.devmajor": deviceMajor = try Self.count(value, key)
        case "SCHILY.devminor": deviceMinor = try Self.count(value, key)
        case "GNU.sparse.major": sparse.major = try Self.count(value, key)
        case "GNU.sparse.name": sparse.name = value
        case "GNU.sparse.size", "GNU.sparse.realsize": sparse.size = try Self.count(value, key)
        case "GNU.sparse.offset", "GNU.sparse.numbytes":
            guard let number = try Self.count(value, key) else { throw Self.malformed("\(key) is empty") }
            sparse.pairs.append(number)
            sparse.hasMap = true
        case "GNU.sparse.map":
            sparse.pairs = try value.split(separator: UInt8(ascii: ",")).map { part in
                guard let number = Self.decimal(part) else { throw Self.malformed("\(key) is no list of numbers") }
                return number
            }
            sparse.hasMap = true
        default:
            if key.hasPrefix("SCHILY.xattr.") {
                let name = String(key.dropFirst("SCHILY.xattr.".count))
                if !name.isEmpty, !name.utf8.contains(0) { xattrs[name] = value }
            }
        }
    }

    static func decimal(_ digits: some Collection<UInt8>) -> Int64? {
        guard !digits.isEmpty, digits.count <= 18 else { return nil }
        var value: Int64 = 0
        for digit in digits {
            guard (48...57).contains(digit) else { return nil }
            value = value * 10 + Int64(digit - 48)
        }
        return value
    }

    /// A count; nil for an empty value, which takes a global record back.
    private static func count(_ value: [UInt8], _ key: String) throws -> Int64? {
        if value.isEmpty { return nil }
        guard let number = decimal(value) else { throw malformed("pax record \(key) is not a number") }
        return number
    }

    /// Seconds with an optional fraction, possibly negative.
    private static func time(_ value: [UInt8]) throws -> FileTime {
        let isNegative = value.first == UInt8(ascii: "-")
        let parts = (isNegative ? value.dropFirst() : value[...])
            .split(separator: dot, maxSplits: 1, omittingEmptySubsequences: false)
        guard let whole = parts.first, let seconds = decimal(whole) else { throw malformed("mtime is not a number") }
        var nanoseconds: Int64 = 0
        if parts.count == 2, !parts[1].isEmpty {
            let fraction = Array(parts[1].prefix(9))
            guard let digits = decimal(fraction) else { throw malformed("mtime is not a number") }
            nanoseconds = digits
            for _ in fraction.count..<9 { nanoseconds *= 10 }
        }
        if !isNegative { return FileTime(seconds: seconds, nanoseconds: UInt32(nanoseconds)) }
        return nanoseconds == 0
            ? FileTime(seconds: -seconds)
            : FileTime(seconds: -seconds - 1, nanoseconds: UInt32(1_000_000_000 - nanoseconds))
    }

    private static func malformed(_ reason: String) -> LayersError { .malformedArchive(reason: reason, entry: nil) }
}
