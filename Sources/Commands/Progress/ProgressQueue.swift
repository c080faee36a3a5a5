// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

package import Build
import Synchronization

/// The way of build events from the build to the display; the build never waits on it, and it never grows without bound.
///
/// When the display lags far behind (a terminal that is stopped, a pipe that nobody reads), output of steps is thinned:
/// of each step only the newest bytes are kept and a remark says how many were left out. No other event is ever lost,
/// except for intermediate counts of bytes moved.
package final class ProgressQueue: Sendable {
    /// Output that may wait to be shown, in bytes.
    package static let limit = 8 * 1024 * 1024
    /// What is kept of each stream of a step while the limit is exceeded, in bytes.
    package static let keptLimit = OutputTail.byteLimit
    /// What an event counts beyond the bytes that it carries.
    private static let eventCost = 64

    private struct Overflow {
        var newest: [BuildEvent.OutputStream: [UInt8]] = [:]
        var lost = 0

        mutating func append(_ bytes: [UInt8], to stream: BuildEvent.OutputStream) {
            let excess = newest[stream, default: []].count + bytes.count - ProgressQueue.keptLimit
            lost += max(0, excess)
            guard bytes.count < ProgressQueue.keptLimit else {
                newest[stream] = Array(bytes.suffix(ProgressQueue.keptLimit))
                return
            }
            if excess > 0 { newest[stream]?.removeFirst(excess) }
            newest[stream, default: []].append(contentsOf: bytes)
        }
    }

    private struct State {
        var waiting = 0
        var overflows: [BuildStep.ID: Overflow] = [:]
    }

    /// The events, for one reader, which tells ``taken(_:)`` of each.
    package let events: AsyncStream<BuildEvent>
    private let continuation: AsyncStream<BuildEvent>.Continuation
    private let state = Mutex(State())

    package init() {
        (events, continuation) = AsyncStream.makeStream(of: BuildEvent.self)
    }

    /// Hands an event over; may be called from anywhere and returns at once.
    package func send(_ event: BuildEvent) {
        state.withLock { state in
            switch event {
            case .output(let id, let stream, let bytes):
                if state.overflows[id] != nil {
                    state.overflows[id]?.append(bytes, to: stream)
                    if state.waiting < Self.limit / 2 { release(id, &state) }
                } else if state.waiting > Self.limit {
                    state.overflows[id, default: Overflow()].append(bytes, to: stream)
                } else {
                    enqueue(event, &state)
                }
            case .progressed:
                if state.waiting <= Self.limit { enqueue(event, &state) }
            case .finished(let id, _, _):
                release(id, &state)
                continuation.yield(event)
            default:
                continuation.yield(event)
            }
        }
    }

    /// Says that an event has been shown.
    package func taken(_ event: BuildEvent) {
        let cost = Self.cost(event)
        if cost > 0 { state.withLock { $0.waiting -= cost } }
    }

    /// Ends the stream when all that was sent has been read.
    package func finish() {
        continuation.finish()
    }

    private func release(_ id: BuildStep.ID, _ state: inout State) {
        guard let overflow = state.overflows.removeValue(forKey: id) else { return }
        if overflow.lost > 0 {
            let remark = "\n[\(HumanFormat.bytes(Int64(overflow.lost))) of output left out: nobody read it in time]\n"
            enqueue(.output(step: id, stream: .stderr, bytes: Array(remark.utf8)), &state)
        }
        for stream in [BuildEvent.OutputStream.stdout, .stderr] {
            guard let bytes = overflow.newest[stream] else { continue }
            enqueue(.output(step: id, stream: stream, bytes: bytes), &state)
        }
    }

    private func enqueue(_ event: BuildEvent, _ state: inout State) {
        state.waiting += Self.cost(event)
        continuation.yield(event)
    }

    private static func cost(_ event: BuildEvent) -> Int {
        switch event {
        case .output(_, _, let bytes): bytes.count + eventCost
        case .progressed: eventCost
        default: 0
        }
    }
}
