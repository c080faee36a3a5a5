// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import FoundationEssentials
import SystemPackage

extension Store {
    /// Reads a small JSON record; one that is missing or cannot be read counts as missing, since records are only
    /// memories of work that can be done again.
    func readRecord<Record: Decodable>(_ type: Record.Type, at path: FilePath) throws -> Record? {
        guard let bytes = try Files.read(path, limit: 4 << 20) else { return nil }
        return try? JSONDecoder().decode(type, from: Data(bytes))
    }

    func writeRecord(_ record: some Encodable, to path: FilePath) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        try Files.write(Array(encoder.encode(record)), to: path)
    }
}
