// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

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
        var retries = RetryPolicy(configuration.http)
        var (arrived, counted) = (Int64(0), Int64(0))
        while true {
            do {
                return try await body(&arrived)
            } catch var error as RegistryError {
                if arrived - counted >= Self.muchProgress {
                    counted = arrived
                    retries.reset()
                }
                error.attempts = retries.attempt
                // A mirror is not the only place to ask.
                let limit = isMirror ? (error.kind == .unreachable ? 1 : 2) : Int.max
                let (kind, pause) = (error.networkKind, error.retryAfter)
                let hasAnswered = host(error.registry).hasAnswered
                guard
                    try await retries.waits(
                        after: kind, error.isTransient, pause: pause, limit: limit, hasAnswered: hasAnswered)
                else { throw error }
                logger.debug("registry retry", metadata: ["error": "\(error)"])
            }
        }
    }

    private static let muchProgress: Int64 = 1 << 20
}
