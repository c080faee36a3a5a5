// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import Build
import Commands
import Testing

@Suite struct ProgressQueueTests {
    private func drain(_ queue: ProgressQueue) async -> [BuildEvent] {
        queue.finish()
        var events: [BuildEvent] = []
        for await event in queue.events {
            events.append(event)
            queue.taken(event)
        }
        return events
    }

    @Test("passes everything on in order while it is read")
    func order() async {
        let queue = ProgressQueue()
        queue.send(.planned(stepCount: 1))
        queue.send(.started(Steps.make, at: .now))
        for byte in UInt8(0)..<100 { queue.send(.output(step: 3, stream: .stdout, bytes: [byte])) }
        queue.send(.finished(step: 3, outcome: .done, at: .now))
        let events = await drain(queue)
        #expect(events.count == 103)
        let bytes = events.compactMap { if case .output(_, _, let bytes) = $0 { bytes.first } else { nil } }
        #expect(bytes == Array(0..<100))
    }

    @Test("keeps the newest output and every other event when nobody reads")
    func flood() async {
        let queue = ProgressQueue()
        queue.send(.started(Steps.make, at: .now))
        let line = Array((String(repeating: "x", count: 999) + "\n").utf8)
        for _ in 0..<20_000 { queue.send(.output(step: 3, stream: .stdout, bytes: line)) }
        for _ in 0..<200_000 { queue.send(.progressed(step: 3, completed: 1, total: nil)) }
        queue.send(.output(step: 3, stream: .stderr, bytes: Array("make: *** the end\n".utf8)))
        queue.send(.finished(step: 3, outcome: .failed("exit code 2"), at: .now))
        queue.send(.warning(BuildWarning("last")))

        var build = BuildProgress()
        var size = 0
        let events = await drain(queue)
        for event in events {
            if case .output(_, _, let bytes) = event { size += bytes.count }
            _ = build.apply(event, at: .now)
        }
        #expect(size < ProgressQueue.limit + 4 * ProgressQueue.keptLimit)
        #expect(events.count < 10_000)
        #expect(build.failures.first?.output.last?.text == "make: *** the end")
        guard case .warning = events.last else {
            Issue.record("the last event is gone")
            return
        }
    }

    @Test("says how much is missing, and goes on when it is read again")
    func remark() async {
        let queue = ProgressQueue()
        queue.send(.started(Steps.make, at: .now))
        let block = [UInt8](repeating: UInt8(ascii: "x"), count: 1 << 20)
        for _ in 0..<20 { queue.send(.output(step: 3, stream: .stdout, bytes: block)) }
        var iterator = queue.events.makeAsyncIterator()
        for _ in 0..<8 {
            if let event = await iterator.next() { queue.taken(event) }
        }
        queue.send(.output(step: 3, stream: .stdout, bytes: Array("\nend\n".utf8)))
        queue.send(.output(step: 3, stream: .stdout, bytes: Array("more\n".utf8)))
        queue.finish()
        var text = ""
        while let event = await iterator.next() {
            if case .output(_, _, let bytes) = event, bytes.count < 1 << 19 {
                text += String(decoding: bytes, as: UTF8.self)
            }
        }
        #expect(text.hasPrefix("\n[12.6MB of output left out: nobody read it in time]\nxxx"))
        #expect(text.hasSuffix("x\nend\nmore\n"))
    }
}
