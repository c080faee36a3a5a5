// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import Dockerfile

/// How long something may take, as options say it.
enum TimeOption {
    /// - Parameter option: the option that has the text, for messages.
    /// - Throws: ``CommandError`` for what is no time above 0.
    static func duration(_ text: String, of option: String) throws -> Duration {
        guard let duration = duration(text) else {
            throw CommandError("\(option) \(text) is no time", remedy: "write it as 90s, 2m or 1h30m")
        }
        return duration
    }

    /// Reads a time above 0; seconds may go without their unit. Nil for what is none.
    static func duration(_ text: String) -> Duration? {
        let seconds = Int64(text).flatMap { (0..<1_000_000_000).contains($0) ? $0 * 1_000_000_000 : nil }
        guard let nanoseconds = seconds ?? (try? GoDuration.parse(text)), nanoseconds > 0 else { return nil }
        return .nanoseconds(nanoseconds)
    }
}
