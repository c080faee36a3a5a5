// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

extension ELFFacts {
    /// What ``ELFFacts`` is going to ask for of a file, told by its beginning.
    ///
    /// - Parameter limit: the most bytes of all pieces.
    /// - Returns: The pieces of the file behind its beginning, in order, without overlaps.
    static func piecesWanted(after head: [UInt8], limit: UInt64) -> [FilePiece] {
        guard head.count >= 52, (1...2).contains(head[4]), (1...2).contains(head[5]) else { return [] }
        let format = ELFFormat(is64Bit: head[4] == 2, isBigEndian: head[5] == 2)
        let header = ELFFields(bytes: head[...], format: format)
        guard let machine = header.half(at: 18), let type = header.half(at: 16), type == 2 || type == 3,
            let segments = ELFTable(segmentsOf: header), let sections = ELFTable(sectionsOf: header)
        else { return [] }
        var wanted: [ELFRange] = []
        var loadedEnd: UInt64 = 0
        var hasMIPSFlags = false
        var file = ELFFile<Never>(first: head, format: format) { _, _ in [] }
        file.forEach(in: segments) { fields in
            guard let type = fields.word(at: 0), let range = fields.segmentRange else { return .end }
            let (end, overflows) = range.offset.addingReportingOverflow(range.size)
            switch type {
            case 1 where !overflows: loadedEnd = max(loadedEnd, end)
            case 3 where range.size <= 4096: wanted.append(range)
            case 4 where ELFMachine.isX86(machine) && range.size <= noteLimit && wanted.count < 32: wanted.append(range)
            case 0x6474_e553 where range.size <= noteLimit && wanted.count < 32: wanted.append(range)
            case 0x7000_0003 where ELFMachine.isMIPS(machine) && range.size <= noteLimit:
                hasMIPSFlags = true
                wanted.append(range)
            default: break
            }
            return .more
        }
        // Where the section headers come first they say where the sections are.
        file.forEach(in: sections) { fields in
            guard let type = fields.word(at: 4), let range = fields.sectionRange else { return .end }
            let isWanted =
                type == 0x7000_0003 && machine == ELFMachine.arm || type == 0x7000_002a && ELFMachine.isMIPS(machine)
            if isWanted, range.size <= noteLimit, wanted.count < 32 { wanted.append(range) }
            return .more
        }
        if machine == ELFMachine.arm || ELFMachine.isMIPS(machine) && !hasMIPSFlags {
            let headers = UInt64(sections.count * sections.entrySize)
            if headers > 0, headers <= tableLimit, sections.offset <= UInt64(Int64.max) {
                let before = min(sections.offset, around)
                wanted.append(ELFRange(offset: sections.offset - before, size: headers + before))
            }
            if loadedEnd > 0, loadedEnd <= UInt64(Int64.max) {
                wanted.append(ELFRange(offset: loadedEnd, size: around))
            }
        }
        return pieces(of: wanted, after: head, limit: limit)
    }

    private static var noteLimit: UInt64 { 16 << 10 }
    private static var tableLimit: UInt64 { 128 << 10 }
    private static var around: UInt64 { 64 << 10 }

    private static func pieces(of wanted: [ELFRange], after head: [UInt8], limit: UInt64) -> [FilePiece] {
        let known = UInt64(head.count)
        let behind = wanted.filter { range in
            let (end, overflows) = range.offset.addingReportingOverflow(range.size)
            return !overflows && end > known
        }
        return FilePiece.arranged(behind, after: known, limit: limit)
    }
}
