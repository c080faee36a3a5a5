// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import OCI
import Synchronization

/// Where the parts of a build tell what they do.
final class EventRelay: Sendable {
    private let receive: @Sendable (BuildEvent) -> Void
    private let nextID: Mutex<Int>

    /// - Parameter firstID: the first number for steps that are not in the plan.
    init(firstID: Int, receive: @escaping @Sendable (BuildEvent) -> Void) {
        self.receive = receive
        self.nextID = Mutex(firstID)
    }

    func send(_ event: BuildEvent) { receive(event) }

    func warn(_ warning: BuildWarning) { receive(.warning(warning)) }

    /// Makes a step that is not in the plan, such as a transfer.
    func step(_ title: String, platforms: [Platform] = [], lines: ClosedRange<Int>? = nil) -> BuildStep {
        let id = nextID.withLock { id in
            id += 1
            return id
        }
        return BuildStep(id: id, platforms: platforms, title: title, lines: lines)
    }

    /// Does the work of a step and tells when it begins, how it ends and whether it failed.
    func perform<Result: Sendable>(
        _ step: BuildStep, _ work: () async throws -> (Result, BuildEvent.Outcome)
    ) async throws -> Result {
        send(.started(step, at: .now))
        do {
            let (result, outcome) = try await work()
            send(.finished(step: step.id, outcome: outcome, at: .now))
            return result
        } catch is CancellationError {
            send(.finished(step: step.id, outcome: .cancelled, at: .now))
            throw CancellationError()
        } catch {
            let reason = (error as? BuildError)?.reason ?? "\(error)"
            send(.finished(step: step.id, outcome: .failed(reason), at: .now))
            throw error
        }
    }
}
