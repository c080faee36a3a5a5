// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import OCI

/// What a cache remembers of one step: the layer that it made, when, and by which keys it is found.
///
/// The keys are in the order in which they are looked for; who finds one knows those after it to be true as well.
struct CacheRecord: Hashable, Sendable, Codable {
    var diffID: Digest
    /// When the layer was made, RFC 3339.
    var created: String
    var keys: [Digest]
}

/// An image config that carries the memory of a build, in a member of its own that other tools pass over.
///
/// A cache is a set of images, one for each platform, whose layers are those that steps made and whose config says
/// which step made which; an image with an inline cache is the same with the layers of its base besides. A record
/// whose layer is not in `rootfs` has only the name of what the step made: enough to find the steps after it.
struct CacheConfig: Sendable, Codable {
    var image: ImageConfig
    var records: [CacheRecord]?

    private enum CodingKeys: String, CodingKey {
        case records = "manifold.cache.v1"
    }

    init(image: ImageConfig, records: [CacheRecord]?) {
        self.image = image
        self.records = records
    }

    init(from decoder: any Decoder) throws {
        image = try ImageConfig(from: decoder)
        records = try decoder.container(keyedBy: CodingKeys.self).decodeIfPresent([CacheRecord].self, forKey: .records)
    }

    func encode(to encoder: any Encoder) throws {
        try image.encode(to: encoder)
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encodeIfPresent(records, forKey: .records)
    }
}
