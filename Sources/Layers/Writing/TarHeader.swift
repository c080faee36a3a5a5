// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

/// The tar headers of one entry, byte for byte the same for the same entry (POSIX.1-2017 pax, "ustar Interchange
/// Format" and "pax Interchange Format").
///
/// What ustar fields can hold is in them alone; pax records are written only for what they cannot. Names that are not
/// ASCII stay raw bytes in the ustar field, as every tar reads them.
struct TarHeader {
    static let blockSize = 512

    private var records: [(key: String, value: [UInt8])] = []
    private var block = [UInt8](repeating: 0, count: blockSize)

    /// The bytes to write before an entry's content.
    static func bytes(for entry: TreeEntry) throws -> [UInt8] {
        var header = TarHeader()
        return try header.encode(entry)
    }

    /// The header of a marker file: `.wh.NAME` or `.wh..wh..opq`.
    static func marker(_ path: TreePath) throws -> [UInt8] {
        try bytes(for: TreeEntry(path: path, kind: .file))
    }

    private mutating func encode(_ entry: TreeEntry) throws -> [UInt8] {
        var name = entry.path.bytes
        var (type, link, size, major, minor) = (UInt8(ascii: "0"), [UInt8](), Int64(0), UInt32(0), UInt32(0))
        switch entry.kind {
        case .file: size = entry.size
        case .directory:
            type = UInt8(ascii: "5")
            name.append(slash)
        case .symlink(let target): (type, link) = (UInt8(ascii: "2"), target)
        case .hardLink(let target): (type, link) = (UInt8(ascii: "1"), target.bytes)
        case .characterDevice(let first, let second): (type, major, minor) = (UInt8(ascii: "3"), first, second)
        case .blockDevice(let first, let second): (type, major, minor) = (UInt8(ascii: "4"), first, second)
        case .fifo: type = UInt8(ascii: "6")
        case .whiteout: throw LayersError.unrepresentable(entry.path, reason: "a whiteout is written as its marker")
        }
        put(name, at: 0, length: 100, key: "path")
        octal(Int64(entry.mode), at: 100, length: 8, key: "mode")
        octal(Int64(entry.uid), at: 108, length: 8, key: "uid")
        octal(Int64(entry.gid), at: 116, length: 8, key: "gid")
        octal(size, at: 124, length: 12, key: "size")
        octal(entry.modificationTime.seconds, at: 136, length: 12, key: "mtime")
        put(link, at: 157, length: 100, key: "linkpath")
        octal(Int64(major), at: 329, length: 8, key: "SCHILY.devmajor")
        octal(Int64(minor), at: 337, length: 8, key: "SCHILY.devminor")
        if case .hardLink = entry.kind {} else { try putAttributes(of: entry) }
        seal(type)

        guard !records.isEmpty else { return block }
        var body: [UInt8] = []
        for record in records.sorted(by: { $0.key < $1.key }) { body.append(contentsOf: Self.line(record)) }
        var extended = TarHeader()
        extended.put(Array("PaxHeaders.0/".utf8) + entry.path.name.prefix(80), at: 0, length: 100, key: "path")
        for (offset, length) in [(100, 8), (108, 8), (116, 8), (136, 12), (329, 8), (337, 8)] {
            extended.octal(0, at: offset, length: length, key: "")
        }
        extended.octal(Int64(body.count), at: 124, length: 12, key: "size")
        extended.seal(UInt8(ascii: "x"))
        body.append(contentsOf: repeatElement(0, count: Self.padding(Int64(body.count))))
        return extended.block + body + block
    }

    /// How many zeros follow content of this length.
    static func padding(_ size: Int64) -> Int {
        Int((Int64(blockSize) - size % Int64(blockSize)) % Int64(blockSize))
    }

    private mutating func putAttributes(of entry: TreeEntry) throws {
        for (name, value) in entry.xattrs where !isOverlayAttribute(name) {
            guard !name.contains("="), !name.utf8.contains(0), !name.utf8.contains(10) else {
                throw LayersError.unrepresentable(entry.path, reason: "its attribute \"\(name)\" has no name in tar")
            }
            records.append(("SCHILY.xattr." + name, value))
        }
    }

    private mutating func put(_ bytes: [UInt8], at offset: Int, length: Int, key: String) {
        for (index, byte) in bytes.prefix(length).enumerated() { block[offset + index] = byte }
        guard bytes.count > length else { return }
        records.append((key, bytes))
        if String(validating: bytes, as: UTF8.self) == nil, !records.contains(where: { $0.key == "hdrcharset" }) {
            records.append(("hdrcharset", Array("BINARY".utf8)))
        }
    }

    private mutating func octal(_ value: Int64, at offset: Int, length: Int, key: String) {
        let fits = value >= 0 && value < Int64(1) << (3 * (length - 1))
        if !fits { records.append((key, Array(String(value).utf8))) }
        var rest = fits ? value : 0
        for index in stride(from: offset + length - 2, through: offset, by: -1) {
            block[index] = UInt8(ascii: "0") + UInt8(rest & 7)
            rest >>= 3
        }
    }

    private mutating func seal(_ type: UInt8) {
        block[156] = type
        for (index, byte) in "ustar\u{0}00".utf8.enumerated() { block[257 + index] = byte }
        for index in 148..<156 { block[index] = UInt8(ascii: " ") }
        let sum = block.reduce(0) { $0 + Int($1) }
        for index in 0..<6 { block[148 + index] = UInt8(ascii: "0") + UInt8(sum >> (3 * (5 - index)) & 7) }
        block[154] = 0
    }

    /// `length key=value\n`, where the length counts itself.
    private static func line(_ record: (key: String, value: [UInt8])) -> [UInt8] {
        let rest = record.key.utf8.count + record.value.count + 3
        var length = rest + String(rest).utf8.count
        if rest + String(length).utf8.count != length { length = rest + String(length).utf8.count }
        return Array("\(length) \(record.key)=".utf8) + record.value + [10]
    }
}
