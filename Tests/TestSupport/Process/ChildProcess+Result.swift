// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

extension ChildProcess {
    /// How a program ended.
    public enum Status: Hashable, Sendable {
        /// It returned or exited with this code.
        case exited(Int32)
        /// It was ended by this signal.
        case signalled(Int32)
    }

    /// What became of a program.
    public struct Result: Sendable, CustomStringConvertible {
        /// What was run.
        public let commandLine: String
        /// How it ended.
        public let status: Status
        /// Everything it wrote to standard output.
        public let stdout: [UInt8]
        /// Everything it wrote to standard error.
        public let stderr: [UInt8]

        /// Whether the exit code was 0.
        public var succeeded: Bool { status == .exited(0) }
        /// Standard output as text.
        public var output: String { String(decoding: stdout, as: UTF8.self) }
        /// Standard error as text.
        public var errorOutput: String { String(decoding: stderr, as: UTF8.self) }
        /// The command, its status and its output, for a failing expectation.
        public var description: String {
            "\(commandLine): \(status)\n\(output.suffix(4000))\(errorOutput.suffix(4000))"
        }
    }
}

/// Why a test's child process gave no result.
public enum ChildProcessError: Error, CustomStringConvertible {
    /// No such program in PATH.
    case notFound(String)
    /// The kernel refused; the number is an errno.
    case cannotStart(String, errno: Int32)
    /// It took too long and was killed.
    case timedOut(String, after: Duration, output: String)

    public var description: String {
        switch self {
        case .notFound(let program): "\(program) is not installed"
        case .cannotStart(let command, let errno): "cannot start \(command): errno \(errno)"
        case .timedOut(let command, let time, let output):
            "\(command) took longer than \(time); it wrote:\n\(output.suffix(4000))"
        }
    }
}
