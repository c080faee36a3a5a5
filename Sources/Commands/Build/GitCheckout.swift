// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import SystemPackage

/// What git knows of a build context.
enum GitCheckout {
    /// The time of the commit that is checked out, when the context is a checkout without changes of its own.
    static func commitTime(of context: FilePath) -> Int64? { nil }
}
