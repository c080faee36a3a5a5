// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import FoundationEssentials
import OCI

/// References, platforms, digests, and the JSON documents of images.
enum ValueFuzzers {
    static func read(_ bytes: [UInt8]) -> Int32 {
        let text = String(decoding: bytes, as: UTF8.self)
        if let reference = try? Reference(text) {
            guard (try? Reference(reference.description)) == reference else {
                fatalError("\(text) is read as \(reference), which is read as something else")
            }
        }
        if let platform = try? Platform(text) {
            guard (try? Platform(platform.description)) == platform else {
                fatalError("\(text) is read as \(platform), which is read as something else")
            }
        }
        _ = try? Digest(text)
        let data = Data(bytes)
        let decoder = JSONDecoder()
        if let config = try? decoder.decode(ImageConfig.self, from: data) { _ = try? JSONEncoder().encode(config) }
        if let manifest = try? decoder.decode(Manifest.self, from: data) { _ = try? JSONEncoder().encode(manifest) }
        if let index = try? decoder.decode(Index.self, from: data) { _ = try? JSONEncoder().encode(index) }
        return 0
    }
}
