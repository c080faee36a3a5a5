// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import Glibc

/// When one operation is tried again, and how long that waits.
package struct RetryPolicy: Sendable {
    private let configuration: HTTPConfiguration
    private var waited = Duration.zero
    /// The attempt that runs, counted from 1.
    package private(set) var attempt = 1

    package init(_ configuration: HTTPConfiguration) { self.configuration = configuration }

    /// An answer with this status may be another one next time.
    package static func isTransient(status: Int) -> Bool {
        [408, 425, 429, 500, 502, 503, 504].contains(status) || (520...530).contains(status)
    }

    /// What has brought us further was worth an attempt: patience is as it was in the beginning.
    package mutating func reset() { (attempt, waited) = (1, .zero) }

    /// Waits until it is time for the next attempt, or returns false at once when there is to be none.
    ///
    /// - Parameters:
    ///   - isTransient: Whether trying again can help at all.
    ///   - kind: What went wrong, when it was the network.
    ///   - pause: How long the server asked to wait.
    ///   - limit: How often to try at most, where that is less often than usual.
    ///   - hasAnswered: Whether the server was there before: then it is likely to come back.
    /// - Throws: `CancellationError`.
    package mutating func waits(
        after kind: NetworkFailure.Kind?, _ isTransient: Bool, pause: Duration? = nil, limit: Int = .max,
        hasAnswered: Bool = false
    ) async throws -> Bool {
        guard let pause = delay(after: kind, isTransient, pause: pause, limit: limit, hasAnswered: hasAnswered)
        else { return false }
        try await Task.sleep(for: pause)
        waited += pause
        attempt += 1
        return true
    }

    /// The time until the next attempt; nil when there is to be none.
    package func delay(
        after kind: NetworkFailure.Kind?, _ isTransient: Bool, pause: Duration? = nil, limit: Int = .max,
        hasAnswered: Bool = false
    ) -> Duration? {
        // Whoever waits half a minute for nothing, or for a connection, does not want to do so five times.
        let slow =
            switch kind {
            case .timedOut: 2
            case .unreachable: hasAnswered ? Int.max : 3
            default: Int.max
            }
        let backoff = configuration.firstRetryDelay * Double(1 << min(attempt - 1, 10))
        let pause = pause ?? backoff * Double.random(in: 0.5...1.5)
        guard isTransient, attempt < min(slow, limit, configuration.maximumAttempts),
            waited + pause <= configuration.maximumRetryDelay
        else { return nil }
        return pause
    }

    /// The time that a Retry-After header means: seconds or a date (RFC 9110 §10.2.3), at most a day.
    package static func pause(_ text: String, now: Int64 = Int64(time(nil))) -> Duration? {
        let text = String(text.drop { $0 == " " })
        guard let seconds = Int64(text) ?? HTTPDate.seconds(text).map({ $0 - now }) else { return nil }
        return .seconds(min(max(seconds, 0), 86_400))
    }
}
