// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import Build
import Synchronization
package import SystemPackage

/// Shows a build's events on stderr while it runs.
///
///     let reporter = ProgressReporter(mode: mode, terminal: terminal)
///     let image = try await reporter.follow { queue in try await build(events: queue.send) }
///     // afterwards: await reporter.failures
package actor ProgressReporter {
    /// How often a live view is drawn.
    package static let interval = Duration.milliseconds(100)
    /// Text that may wait in the writer before events are left in their queue, in bytes.
    private static let backlogLimit = 1 << 20
    /// How long an interrupted program waits for a reader of its last words.
    private static let lastWordsLimit = Duration.milliseconds(500)
    private static let shortestPause = Duration.milliseconds(1)
    private static let longestPause = Duration.milliseconds(20)

    private var display: any ProgressDisplay
    private var writer: ProgressWriter
    private var build = BuildProgress()
    private var patience = ProgressReporter.lastWordsLimit
    private let isInterrupted = Mutex(false)

    /// Makes a reporter that shows events in a mode.
    package init(mode: ProgressMode, terminal: ProgressTerminal, output: FileDescriptor = .standardError) {
        self.init(display: mode.display(for: terminal), output: output)
    }

    /// Makes a reporter that shows events by a display.
    package init(display: any ProgressDisplay, output: FileDescriptor) {
        self.display = display
        self.writer = ProgressWriter(output)
    }

    /// The steps that failed so far, with the last of what they printed.
    package var failures: [StepFailure] { build.failures }

    /// Runs a body that sends events to the queue it is given, and shows them until it ends, whatever way it ends.
    ///
    /// On return everything is written and the terminal is as it was found. When the task is cancelled the events
    /// that still come are shown, but a reader that does not read is no longer waited for.
    package func follow<Success>(
        isolation: isolated (any Actor)? = #isolation,
        _ body: (ProgressQueue) async throws -> Success
    ) async rethrows -> Success {
        let queue = ProgressQueue()
        // A child task would be cancelled with the build and miss how it ends; this one is always awaited below.
        let showing = Task { await self.show(queue) }
        do {
            let success = try await body(queue)
            await finish(queue, showing)
            return success
        } catch {
            await finish(queue, showing)
            throw error
        }
    }

    private func finish(
        isolation: isolated (any Actor)? = #isolation, _ queue: ProgressQueue, _ showing: Task<Void, Never>
    ) async {
        queue.finish()
        await withTaskCancellationHandler {
            await showing.value
        } onCancel: {
            isInterrupted.withLock { $0 = true }
        }
    }

    private func show(_ queue: ProgressQueue) async {
        await withTaskGroup(of: Void.self) { group in
            group.addTask {
                while !Task.isCancelled {
                    await self.refresh()
                    try? await Task.sleep(for: Self.interval)
                }
            }
            for await event in queue.events {
                handle(event)
                queue.taken(event)
                await waitForRoom(upTo: Self.backlogLimit)
            }
            group.cancelAll()
        }
        writer.write(display.finish(build, at: .now))
        await waitForRoom(upTo: 0)
    }

    private func handle(_ event: BuildEvent) {
        let now = ContinuousClock.now
        for update in build.apply(event, at: now) {
            let text = display.show(update, of: build, at: now)
            if !text.isEmpty { writer.write(text) }
        }
    }

    private func refresh() {
        writer.writeWhatFits()
        // A live view that is not read is not drawn again: the next drawing shows it all.
        guard writer.pendingCount == 0 else { return }
        let text = display.refresh(build, at: .now)
        if !text.isEmpty { writer.write(text) }
    }

    private func waitForRoom(upTo limit: Int) async {
        var pause = Self.shortestPause
        while writer.pendingCount > limit {
            guard patience > .zero else {
                writer.abandon()
                return
            }
            let (start, pending) = (ContinuousClock.now, writer.pendingCount)
            try? await Task.sleep(for: pause)
            writer.writeWhatFits()
            if isInterrupted.withLock({ $0 }) { patience -= start.duration(to: .now) }
            pause = writer.pendingCount < pending ? Self.shortestPause : min(pause * 2, Self.longestPause)
        }
    }
}
