// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

/// A failure in a command line's own words: what is wrong and what to do.
struct CommandError: Error, CustomStringConvertible {
    let description: String
    let remedy: String?

    init(_ description: String, remedy: String? = nil) {
        self.description = description
        self.remedy = remedy
    }
}
