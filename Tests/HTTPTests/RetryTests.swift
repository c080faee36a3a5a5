// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import HTTP
import Testing

@Suite("Trying again")
struct RetryTests {
    private let configuration = {
        var configuration = HTTPConfiguration()
        configuration.firstRetryDelay = .milliseconds(4)
        configuration.maximumRetryDelay = .seconds(5)
        return configuration
    }()

    @Test(
        "there are as many attempts as the failure deserves",
        arguments: [
            (nil, .max, 5), (.connectionLost, .max, 5), (.timedOut, .max, 2), (.unreachable, .max, 3),
            (.unreachable, 1, 1), (nil, 2, 2),
        ] as [(NetworkFailure.Kind?, Int, Int)])
    func attempts(kind: NetworkFailure.Kind?, limit: Int, expected: Int) async throws {
        var retries = RetryPolicy(configuration)
        while try await retries.waits(after: kind, true, limit: limit) {}
        #expect(retries.attempt == expected)
        retries.reset()
        #expect(retries.attempt == 1)
    }

    @Test("pauses double, spread by half, and a server that asks for more than there is time gets none")
    func pauses() async throws {
        var retries = RetryPolicy(configuration)
        for base in [4, 8, 16, 32] {
            let pause = try #require(retries.delay(after: nil, true))
            #expect((.milliseconds(base / 2)...(.milliseconds(base + base / 2))).contains(pause))
            #expect(try await retries.waits(after: nil, true))
        }
        let first = RetryPolicy(configuration)
        #expect(first.delay(after: nil, true, pause: .seconds(5)) == .seconds(5))
        #expect(first.delay(after: nil, true, pause: .seconds(6)) == nil)
        #expect(first.delay(after: nil, false) == nil)
    }

    @Test(
        "answers that may pass are told from those that mean no",
        arguments: [200, 301, 400, 401, 403, 404, 409, 413, 416, 501, 505])
    func finalStatus(status: Int) { #expect(!RetryPolicy.isTransient(status: status)) }

    @Test("answers that may pass are tried again", arguments: [408, 425, 429, 500, 502, 503, 504, 520, 524, 530])
    func passingStatus(status: Int) { #expect(RetryPolicy.isTransient(status: status)) }

    @Test(
        "Retry-After is a number of seconds or a date",
        arguments: [
            ("0", 0), ("7", 7), (" 7", 7), ("-1", 0), ("99999999", 86_400), ("x", nil), ("", nil), ("1.5", nil),
            ("Sun, 06 Nov 1994 08:49:37 GMT", 37), ("Sun, 06 Nov 1994 08:48:37 GMT", 0),
            ("Sat, 01 Jan 2135 00:00:00 GMT", 86_400), ("Sunday, 06-Nov-94 08:49:37 GMT", nil),
        ] as [(String, Int?)])
    func retryAfter(text: String, seconds: Int?) {
        #expect(RetryPolicy.pause(text, now: 784_111_740) == seconds.map { .seconds($0) })
    }
}
