// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import CSandbox
// Dispatch sources may be used from any thread; the module does not say so yet.
@preconcurrency import Dispatch
import Glibc
import Synchronization
import SystemPackage

/// A sandbox from its clone to its last byte.
///
/// One epoll instance watches its pipes and its pidfd, and one dispatch source on a queue of its own watches that, so
/// that nothing waits in a thread. Who leaves the sandbox last closes the door: when the pidfd is ready, the kernel has
/// killed every process in there, and what the pipes still hold is all there will be.
final class RunningSandbox: Sendable {
    private enum Tag: Int, CaseIterable { case process, report, output, errors, terminal }

    private struct State {
        var report: [UInt8] = []
        var outcome: PlanOutcome?
        var waiting: CheckedContinuation<PlanOutcome, Never>?
        var pidfd: Int32
        /// The other end of the process's terminal; -1 while there is none.
        var terminal: Int32 = -1
    }

    private let process: mf_process
    private let control: ProcessControl?
    private let watch: Int32
    private let queue = DispatchQueue(label: "sandbox")
    private let source: any DispatchSourceRead
    private let output: @Sendable (OutputStream, [UInt8]) -> Void
    private let state: Mutex<State>

    init(_ plan: SandboxPlan, output: @escaping @Sendable (OutputStream, [UInt8]) -> Void) throws(SandboxError) {
        let memory = PlanMemory(plan)
        if plan.joined != nil, memory.plan.joined < 0 { throw .notRunning }
        var process = mf_process()
        let started = withExtendedLifetime(memory) {
            withUnsafePointer(to: memory.plan) { mf_spawn($0, &process) }
        }
        guard started == 0 else { throw .start(Errno(rawValue: errno)) }
        let watched = [process.pidfd, process.report, process.output, process.errors]
        let watch = mf_watch(watched, watched.count)
        guard watch >= 0 else {
            let error = Errno(rawValue: errno)
            _ = mf_kill(process.pidfd)
            _ = mf_reap(process.pidfd)
            for descriptor in watched + [process.lifeline] { close(descriptor) }
            throw .start(error)
        }
        self.process = process
        self.control = plan.control
        self.watch = watch
        self.output = output
        self.state = Mutex(State(pidfd: process.pidfd))
        self.source = DispatchSource.makeReadSource(fileDescriptor: watch, queue: queue)
        source.setEventHandler { self.advance() }
        // The handlers keep this object alive until the source is cancelled, which is when all is closed.
        source.setCancelHandler { self.finish() }
        // The sandbox may be over before the next line, and what is closed then must not be attached any more.
        control?.attach(process.lifeline)
        control?.note(process.pid)
        source.activate()
    }

    /// Kills every process of the sandbox; without effect when it has ended.
    func kill() {
        state.withLock { state in
            if state.pidfd >= 0 { _ = mf_kill(state.pidfd) }
        }
    }

    /// How the sandbox ended, once it has and everything is closed.
    func end() async -> PlanOutcome {
        await withCheckedContinuation { continuation in
            let outcome: PlanOutcome? = state.withLock { state in
                if let outcome = state.outcome { return outcome }
                state.waiting = continuation
                return nil
            }
            if let outcome { continuation.resume(returning: outcome) }
        }
    }

    // MARK: On the queue

    private func advance() {
        let ready = mf_ready(watch)
        func isReady(_ tag: Tag) -> Bool { ready >> UInt32(tag.rawValue) & 1 == 1 }
        if isReady(.output), control?.hasTerminal == true { takeTerminal() }
        if isReady(.process) {
            drain(.output, all: true)
            drain(.errors, all: true)
            drain(.terminal, all: true)
            drain(.report, all: true)
            source.cancel()
            return
        }
        for tag in [Tag.output, .errors, .terminal, .report] where isReady(tag) { drain(tag, all: false) }
    }

    /// Hands on what a pipe holds: a chunk, or all.
    private func drain(_ tag: Tag, all: Bool) {
        let descriptor =
            switch tag {
            case .output: control?.hasTerminal == true ? -1 : process.output
            case .terminal: state.withLock { $0.terminal }
            case .errors: process.errors
            case .report, .process: process.report
            }
        guard descriptor >= 0 else { return }
        // A pipe holds no more; whoever outlives the sandbox may fill it again and again.
        var rounds = all ? 32 : 1
        repeat {
            rounds -= 1
            var isEmptyForNow = false
            let chunk = [UInt8](unsafeUninitializedCapacity: 65536) { buffer, count in
                let result = read(descriptor, buffer.baseAddress, buffer.count)
                isEmptyForNow = result < 0 && (errno == EAGAIN || errno == EINTR)
                count = max(0, result)
            }
            if chunk.isEmpty {
                // End of file would be ready for ever.
                if !isEmptyForNow { mf_unwatch(watch, descriptor) }
                return
            }
            switch tag {
            case .output, .terminal: output(.standardOutput, chunk)
            case .errors: output(.standardError, chunk)
            case .report, .process: takeReport(chunk)
            }
        } while rounds > 0
    }

    private func takeReport(_ bytes: [UInt8]) {
        let report = state.withLock { state in
            state.report += bytes
            return state.report
        }
        // It is the first of all records that is not a failure, and all are written whole.
        guard report.count >= MemoryLayout<mf_report>.size else { return }
        let first = report.withUnsafeBytes { $0.loadUnaligned(as: mf_report.self) }
        if first.kind == MF_STARTED.rawValue { control?.attach(process: process.pidfd) }
    }

    /// Takes the other end of the process's terminal, which comes where output would.
    private func takeTerminal() {
        let descriptor = mf_receive(process.output)
        guard descriptor >= 0 else {
            if errno != EAGAIN { mf_unwatch(watch, process.output) }
            return
        }
        guard mf_watch_more(watch, descriptor, UInt32(Tag.terminal.rawValue)) == 0 else {
            close(descriptor)
            return
        }
        let isFirst = state.withLock { state in
            guard state.terminal < 0 else { return false }
            state.terminal = descriptor
            return true
        }
        if isFirst { control?.attach(terminal: descriptor) } else { close(descriptor) }
    }

    private func finish() {
        control?.detach(process.lifeline)
        control?.note(nil)
        _ = mf_reap(process.pidfd)
        let terminal = state.withLock { $0.terminal }
        if terminal >= 0 { close(terminal) }
        let waiting: (continuation: CheckedContinuation<PlanOutcome, Never>?, outcome: PlanOutcome) =
            state.withLock { state in
                state.pidfd = -1
                let outcome = PlanOutcome(reports: state.report)
                state.outcome = outcome
                defer { state.waiting = nil }
                return (state.waiting, outcome)
            }
        for descriptor in [process.pidfd, process.report, process.output, process.errors, process.lifeline, watch] {
            close(descriptor)
        }
        waiting.continuation?.resume(returning: waiting.outcome)
    }
}

extension PlanOutcome {
    /// Reads what the sandbox reported: the first failure counts, else how the program ended.
    init(reports: [UInt8]) {
        self = .lost
        var rest = reports[...]
        let size = MemoryLayout<mf_report>.size
        while rest.count >= size {
            let report = rest.withUnsafeBytes { $0.loadUnaligned(as: mf_report.self) }
            rest = rest.dropFirst(size)
            let file = Array(rest.prefix(Int(report.length)))
            rest = rest.dropFirst(file.count)
            switch report.kind {
            case UInt32(MF_FAILED.rawValue):
                self = .failed(
                    PlanFailure(
                        index: Int(report.index), error: report.error, part: .init(rawValue: report.detail) ?? .whole,
                        file: file))
                return
            case UInt32(MF_EXITED.rawValue): self = .ended(.exit(code: report.error))
            case UInt32(MF_STARTED.rawValue): continue
            case UInt32(MF_SIGNALLED.rawValue): self = .ended(.signal(number: report.error))
            default: return
            }
        }
    }
}
