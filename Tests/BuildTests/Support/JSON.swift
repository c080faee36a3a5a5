// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import FoundationEssentials

/// Reads documents that a build has written.
enum JSON {
    static func decode<Value: Decodable>(_ type: Value.Type, from bytes: [UInt8]) throws -> Value {
        try JSONDecoder().decode(type, from: Data(bytes))
    }
}
