// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

package import OCI
import Synchronization

/// Where the parts of a build tell what they do; it numbers the steps of all of them.
public final class EventRelay: Sendable {
    private let receive: @Sendable (BuildEvent) -> Void
    private let nextID: Mutex<Int>
    private let running = Mutex<[BuildStep]>([])

    /// - Parameter receive: is told what goes on; may be called from many tasks at once and should return quickly.
    public init(receive: @escaping @Sendable (BuildEvent) -> Void) {
        self.receive = receive
        self.nextID = Mutex(1)
    }

    package func send(_ event: BuildEvent) { receive(event) }

    package func warn(_ warning: BuildWarning) { receive(.warning(warning)) }

    /// Makes a step that is not in the plan, such as a transfer.
    package func step(_ title: String, platforms: [Platform] = [], lines: ClosedRange<Int>? = nil) -> BuildStep {
        BuildStep(id: reserve(1), platforms: platforms, title: title, lines: lines)
    }

    /// Takes numbers for the steps of a plan, one after another, and tells how many there are.
    ///
    /// - Returns: the first number; 0 stands for the build as a whole.
    func plan(stepCount: Int) -> Int {
        let first = reserve(stepCount)
        send(.planned(stepCount: stepCount))
        return first
    }

    private func reserve(_ count: Int) -> Int {
        nextID.withLock { id in
            defer { id += count }
            return id
        }
    }

    /// The steps that have begun and not ended.
    var runningSteps: [BuildStep] { running.withLock { $0 } }

    /// Does the work of a step and tells when it begins, how it ends and whether it failed.
    package func perform<Result: Sendable>(
        _ step: BuildStep, _ work: () async throws -> (Result, BuildEvent.Outcome)
    ) async throws -> Result {
        running.withLock { $0.append(step) }
        defer { running.withLock { $0.removeAll { $0.id == step.id } } }
        send(.started(step, at: .now))
        do {
            let (result, outcome) = try await work()
            send(.finished(step: step.id, outcome: outcome, at: .now))
            return result
        } catch is CancellationError {
            send(.finished(step: step.id, outcome: .cancelled, at: .now))
            throw CancellationError()
        } catch let lost as LostLayer {
            // No failure: the step begins once more when the layer has been made again.
            send(.finished(step: step.id, outcome: .cancelled, at: .now))
            throw lost
        } catch {
            let reason = (error as? BuildError)?.reason ?? "\(error)"
            send(.finished(step: step.id, outcome: .failed(reason), at: .now))
            throw error
        }
    }
}
