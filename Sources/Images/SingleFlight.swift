// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

/// Does a piece of work once for all who need its result at the same time or later.
///
/// The first who asks does the work in its own task; who comes meanwhile waits. When the work fails, its doer gets
/// the error and the next in line tries.
package actor SingleFlight<Key: Hashable & Sendable, Value: Sendable> {
    private var finished: [Key: Value] = [:]
    private var waiting: [Key: [CheckedContinuation<Void, Never>]] = [:]

    package init() {}

    /// The result for `key`, made by `work` unless it is there already.
    package func value(
        for key: Key, _ work: @Sendable () async throws -> Value
    ) async throws -> Value {
        while true {
            if let value = finished[key] { return value }
            try Task.checkCancellation()
            if waiting[key] != nil {
                await withCheckedContinuation { waiting[key]?.append($0) }
                continue
            }
            waiting[key] = []
            defer { for waiter in waiting.removeValue(forKey: key) ?? [] { waiter.resume() } }
            let value = try await work()
            finished[key] = value
            return value
        }
    }

    /// Lets go of results, so that who asks for them next does the work again.
    package func forget(where isObsolete: (Value) -> Bool) {
        finished = finished.filter { !isObsolete($0.value) }
    }
}
