// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

public import HTTP
public import OCI
public import Remote

/// Something from the network that ADD copies from, with everything decided but what is there now.
public enum FetchOperation: Sendable, Hashable {
    /// A file; the digest that it must have, when one is given.
    case file(WebURL, checksum: Digest?)
    /// The files of a commit.
    case repository(GitSource)

    /// What a person reads of it.
    var title: String {
        switch self {
        case .file(let url, _): "fetch \(url.redacted)"
        case .repository(let source): "fetch \(source.title)"
        }
    }
}
