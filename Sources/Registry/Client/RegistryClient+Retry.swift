// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import FoundationEssentials
import HTTP
import Logging

extension RegistryClient {
    /// Runs `body` until it succeeds, fails for good, or has failed as often as the configuration allows.
    func retrying<Result>(
        isMirror: Bool = false, _ body: () async throws -> sending Result
    ) async throws -> sending Result {
        try await resuming(isMirror: isMirror) { _ in try await body() }
    }

    /// As ``retrying(isMirror:_:)``, for a transfer that goes on where it broke off: `body` says how many bytes have
    /// arrived, and whenever these have become more by much, patience is as it was in the beginning.
    func resuming<Result>(
        isMirror: Bool = false, _ body: (inout Int64) async throws -> sending Result
    ) async throws -> sending Result {
        var waited = Duration.zero
        var attempt = 1
        var arrived: Int64 = 0
        var counted: Int64 = 0
        while true {
            do {
                return try await body(&arrived)
            } catch var error as RegistryError {
                if arrived - counted >= Self.muchProgress {
                    (counted, attempt, waited) = (arrived, 1, .zero)
                }
                error.attempts = attempt
                let pause = error.retryAfter ?? backoff(attempt)
                guard error.isTransient, attempt < limit(error, isMirror: isMirror),
                    waited + pause <= configuration.maximumRetryDelay
                else {
                    throw error
                }
                logger.debug("registry retry", metadata: ["error": "\(error)", "pause": "\(pause)"])
                try await Task.sleep(for: pause)
                waited += pause
                attempt += 1
            }
        }
    }

    private static let muchProgress: Int64 = 1 << 20

    /// Whoever waits half a minute for nothing, or for a connection, does not want to do so five times.
    private func limit(_ error: RegistryError, isMirror: Bool) -> Int {
        let slow =
            switch error.kind {
            case .timedOut: 2
            case .unreachable: isMirror ? 1 : host(error.registry).hasAnswered ? Int.max : 3
            default: isMirror ? 2 : Int.max
            }
        return min(slow, configuration.maximumAttempts)
    }

    private func backoff(_ attempt: Int) -> Duration {
        configuration.firstRetryDelay * Double(1 << min(attempt - 1, 10)) * Double.random(in: 0.5...1.5)
    }
}

/// The Retry-After header: seconds or a date (RFC 9110 §10.2.3).
enum RetryAfter {
    static func parse(_ text: String) -> Duration? { parse(text, now: Date()) }

    static func parse(_ text: String, now: Date) -> Duration? {
        let text = String(text.drop { $0 == " " })
        if let seconds = Int(text) { return .seconds(min(max(seconds, 0), 86_400)) }
        guard let date = date(text) else { return nil }
        return .seconds(min(max(date.timeIntervalSince(now), 0), 86_400))
    }

    /// A date in the preferred form, `Sun, 06 Nov 1994 08:49:37 GMT`.
    private static func date(_ text: String) -> Date? {
        let words = text.split(separator: " ")
        let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
        guard words.count == 6, let day = Int(words[1]), let month = months.firstIndex(of: String(words[2])),
            let year = Int(words[3])
        else { return nil }
        let clock = words[4].split(separator: ":").compactMap { Int($0) }
        guard clock.count == 3, (1...31).contains(day), (1970...9999).contains(year),
            clock.allSatisfy({ (0...60).contains($0) })
        else { return nil }
        var calendar = Calendar(identifier: .gregorian)
        calendar.timeZone = .gmt
        return calendar.date(
            from: DateComponents(
                year: year, month: month + 1, day: day, hour: clock[0], minute: clock[1], second: clock[2]))
    }
}
