// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import Dockerfile

/// How long something may take, as options say it.
enum TimeOption {
    /// - Parameter option: the option that has the text, for messages.
    /// - Throws: ``CommandError`` for what is no time above 0.
    static func duration(_ text: String, of option: String) throws -> Duration {
        guard let nanoseconds = try? GoDuration.parse(text), nanoseconds > 0 else {
            throw CommandError("\(option) \(text) is no time", remedy: "write it as 90s, 2m or 1h30m")
        }
        return .nanoseconds(nanoseconds)
    }
}
