// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import Glibc
import Synchronization
public import SystemPackage

/// How a caller speaks with one process of a sandbox while it runs: its standard input, and signals.
public final class ProcessControl: Sendable {
    /// What the process reads as its standard input, which stays the caller's; nil for nothing.
    public let input: FileDescriptor?
    /// Where the sandbox takes signals; nil while nothing runs.
    private let lifeline = Mutex<Int32?>(nil)

    /// For one process at a time.
    ///
    /// - Parameter input: should be a pipe: of a file the process could ask for more rights than the caller has opened
    ///   it with.
    public init(input: FileDescriptor? = nil) {
        self.input = input
    }

    /// Sends the process a signal.
    ///
    /// - Returns: false when nothing runs or the number is none of a signal.
    @discardableResult
    public func send(_ signal: Int32) -> Bool {
        guard (1...64).contains(signal) else { return false }
        return lifeline.withLock { lifeline in
            guard let lifeline else { return false }
            var byte = UInt8(signal)
            return write(lifeline, &byte, 1) == 1
        }
    }

    func attach(_ descriptor: Int32) {
        lifeline.withLock { $0 = descriptor }
    }

    /// To be called before the descriptor is closed.
    func detach(_ descriptor: Int32) {
        lifeline.withLock { if $0 == descriptor { $0 = nil } }
    }
}

extension ProcessControl: Hashable {
    /// Whether both are one object.
    public static func == (left: ProcessControl, right: ProcessControl) -> Bool { left === right }

    public func hash(into hasher: inout Hasher) { hasher.combine(ObjectIdentifier(self)) }
}
