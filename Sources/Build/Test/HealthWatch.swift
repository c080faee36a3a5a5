// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import OCI
import Sandbox

/// Waits until what an image starts is well by its own HEALTHCHECK.
///
/// The check is tried more often than the image says, so that a healthy image need not be waited for; but no image is
/// called unhealthy sooner than Docker would: its start period and all its retries have to be over.
struct HealthWatch: Sendable {
    /// The program of the check and its arguments.
    let words: [String]
    /// When the image has had its time.
    let patience: Duration
    private let checkTimeout: Duration
    private let retries: Int
    private let longestPause: Duration

    /// What Docker takes for what an image does not say.
    private enum Usual {
        static let interval = Duration.seconds(30)
        static let timeout = Duration.seconds(30)
        static let retries = 3
    }

    /// The watch of an image that has a check; nil for one that has none.
    ///
    /// - Parameters:
    ///   - least: the image has at least so much time.
    ///   - most: and no more than this.
    init?(_ config: ContainerConfig?, least: Duration, most: Duration) {
        guard let check = config?.healthcheck, let test = check.test, let kind = test.first else { return nil }
        switch kind {
        case "CMD" where test.count > 1: words = Array(test.dropFirst())
        case "CMD-SHELL" where test.count > 1: words = (config?.shell ?? ["/bin/sh", "-c"]) + [test[1]]
        default: return nil
        }
        let interval = Self.time(check.interval) ?? Usual.interval
        checkTimeout = Self.time(check.timeout) ?? Usual.timeout
        retries = check.retries.flatMap { $0 > 0 ? $0 : nil } ?? Usual.retries
        // The numbers are an image's: their product may be no number.
        let allowed = (Self.time(check.startPeriod) ?? .zero) / .seconds(1) + interval / .seconds(1) * Double(retries)
        patience = min(max(least, .seconds(min(allowed, 86400))), most)
        longestPause = min(interval, .seconds(1))
    }

    private static func time(_ nanoseconds: Int64?) -> Duration? {
        nanoseconds.flatMap { $0 > 0 ? .nanoseconds($0) : nil }
    }

    /// Returns when the check succeeds.
    ///
    /// - Throws: ``Unhealthy``; what could not be started.
    func wait(
        for command: RunningCommand, output: @escaping @Sendable (BuildEvent.OutputStream, [UInt8]) -> Void
    ) async throws {
        let start = ContinuousClock.now
        while !command.hasStarted { try await Task.sleep(for: .milliseconds(10)) }
        var (tries, pause) = (0, Duration.milliseconds(100))
        while true {
            let left = patience - start.duration(to: .now)
            tries += 1
            let end: ImageRunReport.End
            do {
                end = try await command.run(words, within: max(.seconds(1), min(checkTimeout, left)), output: output)
            } catch {
                // When the command itself has just ended, that is what is to be told, and this task is cancelled.
                try await Task.sleep(for: .milliseconds(300))
                throw error
            }
            if case .ended(let status) = end, status.isSuccess { return }
            if start.duration(to: .now) + pause > patience { throw Unhealthy(tries: tries, last: end) }
            try await Task.sleep(for: min(pause, longestPause))
            pause = min(pause * 2, longestPause)
        }
    }

    /// The check did not succeed in time.
    struct Unhealthy: Error, CustomStringConvertible {
        let tries: Int
        let last: ImageRunReport.End

        var description: String {
            let words =
                switch last {
                case .ended(let status): status.sentence
                case .timeOver: "no end in time"
                }
            return
                "it is not healthy: HEALTHCHECK failed \(tries == 1 ? "once, with" : "\(tries) times, the last with") \(words)"
        }
    }
}
