// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import CSandbox
import Glibc
import Synchronization
public import SystemPackage

/// How a caller speaks with one process of a sandbox while it runs, and learns of it: its standard input or its terminal,
/// signals, which processes there are.
public final class ProcessControl: Sendable {
    /// What the process reads as its standard input, which stays the caller's; nil for nothing.
    public let input: FileDescriptor?
    /// The terminal that the process has in the place of standard input and outputs; nil for none.
    let terminal: Terminal?
    private let state = Mutex(State())

    /// A terminal to make.
    struct Terminal: Sendable {
        let size: TerminalSize
        let attached: @Sendable (FileDescriptor) -> Void
    }

    private struct State {
        /// Where the sandbox takes signals; nil while nothing runs.
        var lifeline: Int32?
        /// The sandbox's first process; nil while nothing runs.
        var first: Int32?
        /// The other end of the process's terminal; nil while there is none.
        var terminal: Int32?
        /// pidfd of the sandbox's first process, which has started the program; nil before and after.
        var pidfd: Int32?
        /// The size that was asked for before there was a terminal.
        var size: TerminalSize?
    }

    /// For one process at a time.
    ///
    /// - Parameter input: should be a pipe: of a file the process could ask for more rights than the caller has opened
    ///   it with.
    public init(input: FileDescriptor? = nil) {
        self.input = input
        terminal = nil
    }

    /// For one process at a time, whose standard input and outputs are a terminal that it controls.
    ///
    /// - Parameter attached: is called when there is a terminal, with its other end, for what is typed; it belongs to the
    ///   callee and does not block. What the process writes comes as its standard output.
    public init(terminal size: TerminalSize, attached: @escaping @Sendable (FileDescriptor) -> Void) {
        input = nil
        terminal = Terminal(size: size, attached: attached)
    }

    /// Whether the process has a terminal.
    public var hasTerminal: Bool { terminal != nil }

    /// Sends the process a signal.
    ///
    /// - Returns: false when nothing runs or the number is none of a signal.
    @discardableResult
    public func send(_ signal: Int32) -> Bool {
        guard (1...64).contains(signal) else { return false }
        return state.withLock { state in
            guard let lifeline = state.lifeline else { return false }
            var byte = UInt8(signal)
            return write(lifeline, &byte, 1) == 1
        }
    }

    /// Gives the process's terminal another size, at once or as soon as there is one.
    public func resize(_ size: TerminalSize) {
        state.withLock { state in
            state.size = size
            guard let terminal = state.terminal else { return }
            _ = mf_resize_terminal(terminal, size.rows, size.columns)
        }
    }

    /// The number of the sandbox's first process; nil while nothing runs.
    var process: Int32? { state.withLock { $0.first } }

    /// To be told of the first process as long as nobody has waited for it.
    func note(_ process: Int32?) {
        state.withLock { $0.first = process }
    }

    func attach(_ descriptor: Int32) {
        state.withLock { $0.lifeline = descriptor }
    }

    /// To be told when the sandbox's root is made and its program about to run.
    func attach(process descriptor: Int32) {
        state.withLock { $0.pidfd = descriptor }
    }

    /// A copy of the pidfd of the sandbox's first process, which is the caller's; nil while nothing runs.
    func copyOfProcess() -> Int32? {
        state.withLock { state in
            guard let pidfd = state.pidfd else { return nil }
            let copy = fcntl(pidfd, F_DUPFD_CLOEXEC, 3)
            return copy < 0 ? nil : copy
        }
    }

    /// Whether the sandbox's root is made and the program runs, or is about to.
    public var isRunning: Bool { state.withLock { $0.pidfd != nil } }

    func attach(terminal descriptor: Int32) {
        let copy = fcntl(descriptor, F_DUPFD_CLOEXEC, 3)
        state.withLock { state in
            state.terminal = descriptor
            if let size = state.size { _ = mf_resize_terminal(descriptor, size.rows, size.columns) }
        }
        guard copy >= 0 else { return }
        terminal?.attached(FileDescriptor(rawValue: copy))
    }

    /// To be called before the descriptors are closed.
    func detach(_ descriptor: Int32) {
        state.withLock { state in
            guard state.lifeline == descriptor else { return }
            (state.lifeline, state.terminal, state.pidfd) = (nil, nil, nil)
        }
    }
}

extension ProcessControl: Hashable {
    /// Whether both are one object.
    public static func == (left: ProcessControl, right: ProcessControl) -> Bool { left === right }

    public func hash(into hasher: inout Hasher) { hasher.combine(ObjectIdentifier(self)) }
}

/// How many characters a terminal shows.
public struct TerminalSize: Hashable, Sendable {
    public var rows: UInt16
    public var columns: UInt16

    public init(rows: UInt16, columns: UInt16) {
        self.rows = rows
        self.columns = columns
    }
}
