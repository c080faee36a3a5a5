// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

/// Lets a bounded number of tasks through at a time, the others in the order in which they came.
actor Gate {
    private var free: Int
    private var nextTicket = 0
    private var waiting: [(ticket: Int, continuation: CheckedContinuation<Bool, Never>)] = []

    init(limit: Int) { free = max(1, limit) }

    /// Runs `body` when there is room.
    ///
    /// - Throws: `CancellationError` when the task is cancelled while it waits, and what `body` throws.
    nonisolated func pass<Result>(_ body: () async throws -> sending Result) async throws -> sending Result {
        try await enter()
        do {
            let result = try await body()
            await leave()
            return result
        } catch {
            await leave()
            throw error
        }
    }

    private func enter() async throws {
        try Task.checkCancellation()
        if free > 0 {
            free -= 1
            return
        }
        let ticket = nextTicket
        nextTicket += 1
        let admitted = await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                // A task that was cancelled before it got here has had its handler run already.
                if Task.isCancelled {
                    continuation.resume(returning: false)
                } else {
                    waiting.append((ticket, continuation))
                }
            }
        } onCancel: {
            Task { await self.giveUp(ticket) }
        }
        guard admitted else { throw CancellationError() }
    }

    private func leave() {
        if waiting.isEmpty {
            free += 1
        } else {
            waiting.removeFirst().continuation.resume(returning: true)
        }
    }

    private func giveUp(_ ticket: Int) {
        guard let index = waiting.firstIndex(where: { $0.ticket == ticket }) else { return }
        waiting.remove(at: index).continuation.resume(returning: false)
    }
}
