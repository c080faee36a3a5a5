// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import ArgumentParser

/// When `manifold run` asks a registry for an image that is only named.
enum PullPolicy: String, ExpressibleByArgument, CaseIterable {
    /// Always; what was built under the name is passed over.
    case always
    /// When the store has none of that name.
    case missing
    /// Never.
    case never
}
