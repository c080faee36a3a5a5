// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import FoundationEssentials

/// The time of the day for instants of the monotonic clock, as ISO 8601 in UTC with milliseconds.
struct ProgressClock: Sendable {
    private let epoch: (instant: ContinuousClock.Instant, seconds: Double)
    private var last: (milliseconds: Int64, text: String)?

    init() { self.init(at: .now, secondsSince1970: Date.now.timeIntervalSince1970) }

    init(at instant: ContinuousClock.Instant, secondsSince1970: Double) {
        epoch = (instant, secondsSince1970)
    }

    mutating func time(_ instant: ContinuousClock.Instant) -> String {
        let milliseconds = max(
            0, Int64(epoch.seconds * 1000) + HumanFormat.milliseconds(epoch.instant.duration(to: instant)))
        if let last, last.milliseconds == milliseconds { return last.text }
        // Whole seconds only: a fraction in binary comes out a millisecond short now and then.
        let second = Date(timeIntervalSince1970: Double(milliseconds / 1000)).formatted(.iso8601)
        let fraction = HumanFormat.seconds(.milliseconds(milliseconds % 1000), decimals: 3).dropFirst()
        let text = "\(second.prefix(19))\(fraction)Z"
        last = (milliseconds, text)
        return text
    }
}
