// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import FoundationEssentials
public import Glibc
import Synchronization
public import SystemPackage

/// A program that a test runs or keeps running beside itself.
///
/// Output goes to unnamed temporary files, not to pipes: nothing can block on a full pipe, and a grandchild that
/// keeps its standard output open cannot hold up the test. Every child leads a process group of its own, so that
/// ``kill(_:)`` and time limits reach what the child started, too.
///
///     let result = try await ChildProcess.run("skopeo", ["--version"])
///     #expect(result.succeeded, "\(result)")
public final class ChildProcess: Sendable {
    /// The process id, which is also the id of the process group.
    public let id: pid_t
    /// What was started, for messages.
    public let commandLine: String

    private let output: Capture
    private let errorOutput: Capture
    private let exit = ExitStatus()
    /// Held open until the child is stopped or this object goes; see ``Lifetime/boundToTests``.
    private let lifeline: Mutex<FileDescriptor?>

    private init(id: pid_t, commandLine: String, output: Capture, errorOutput: Capture, lifeline: FileDescriptor?) {
        self.id = id
        self.commandLine = commandLine
        self.output = output
        self.errorOutput = errorOutput
        self.lifeline = Mutex(lifeline)
    }

    deinit {
        closeLifeline()
    }

    private func closeLifeline() {
        lifeline.withLock { lifeline in
            try? lifeline?.close()
            lifeline = nil
        }
    }

    /// What happens to a child when the test process dies.
    public enum Lifetime: Sendable {
        /// The child lives on.
        case independent
        /// The child gets SIGTERM, also when the test process crashes. Its standard input is then empty, and
        /// ``ChildProcess/id`` is that of a shell that waits for it.
        case boundToTests
    }

    /// Runs a program to its end.
    ///
    /// - Parameters:
    ///   - program: A path, or a name that is looked up in PATH, /usr/sbin and /sbin.
    ///   - arguments: The arguments after the program's name.
    ///   - environment: The whole environment of the child; nil hands on that of the test process.
    ///   - workingDirectory: Where the child starts; nil stays where the test process is.
    ///   - input: The child's standard input.
    ///   - timeout: After this time the child's process group is killed and ``ChildProcessError/timedOut`` thrown.
    /// - Returns: How it ended and everything it wrote.
    /// - Throws: ``ChildProcessError`` when the program cannot be started or takes too long; `CancellationError`
    ///   (after the child was killed) when the task is cancelled. A failing program is no error: see ``Result``.
    public static func run(
        _ program: String, _ arguments: [String] = [], environment: [String: String]? = nil,
        workingDirectory: FilePath? = nil, input: [UInt8] = [], timeout: Duration = .seconds(120)
    ) async throws -> Result {
        let child = try start(
            program, arguments, environment: environment, workingDirectory: workingDirectory, input: input)
        return try await child.wait(timeout: timeout)
    }

    /// Starts a program and returns at once. Whoever starts it must ``wait(timeout:)`` for it or ``stop(grace:)`` it.
    ///
    /// The parameters are those of ``run(_:_:environment:workingDirectory:input:timeout:)``.
    public static func start(
        _ program: String, _ arguments: [String] = [], environment: [String: String]? = nil,
        workingDirectory: FilePath? = nil, input: [UInt8] = [], lifetime: Lifetime = .independent
    ) throws -> ChildProcess {
        guard let path = find(program) else { throw ChildProcessError.notFound(program) }
        let output = try Capture()
        let errorOutput = try Capture()
        let standardInput = try Capture(containing: input)
        var words = [path.string] + arguments
        var ends: (readEnd: FileDescriptor, writeEnd: FileDescriptor)?
        if lifetime == .boundToTests {
            words = ["/bin/sh", "-c", Self.watchedScript, "sh"] + words
            let pipe = try FileDescriptor.pipe()
            _ = fcntl(pipe.writeEnd.rawValue, F_SETFD, FD_CLOEXEC)
            ends = pipe
        }
        defer { try? ends?.readEnd.close() }
        let spawn = Spawn(
            arguments: words, environment: environment ?? ProcessInfo.processInfo.environment,
            workingDirectory: workingDirectory)
        do {
            let id = try spawn.start(
                input: ends?.readEnd.rawValue ?? standardInput.descriptor.rawValue,
                output: output.descriptor.rawValue, errorOutput: errorOutput.descriptor.rawValue)
            return ChildProcess(
                id: id, commandLine: ([program] + arguments).joined(separator: " "), output: output,
                errorOutput: errorOutput, lifeline: ends?.writeEnd)
        } catch {
            try? ends?.writeEnd.close()
            throw error
        }
    }

    /// Runs its arguments as a command until that ends or standard input does, which is when the test process dies.
    private static let watchedScript = """
        exec 3<&0; trap : TERM
        "$@" 3<&- </dev/null & child=$!
        { trap - TERM; cat <&3 >/dev/null; kill $child; } &
        while kill -0 $child 2>/dev/null; do wait $child; done
        """

    /// Waits until the child ends.
    ///
    /// - Throws: As ``run(_:_:environment:workingDirectory:input:timeout:)``.
    public func wait(timeout: Duration = .seconds(120)) async throws -> Result {
        let deadline = ContinuousClock.now + timeout
        var pause = Duration.microseconds(500)
        while true {
            if let status = try exit.poll(id) {
                return Result(
                    commandLine: commandLine, status: status, stdout: try output.contents(),
                    stderr: try errorOutput.contents())
            }
            guard ContinuousClock.now < deadline else {
                await destroy()
                throw ChildProcessError.timedOut(
                    commandLine, after: timeout, output: (try? outputSoFar()) ?? "")
            }
            do {
                try await Task.sleep(for: pause)
            } catch {
                await destroy()
                throw error
            }
            pause = min(pause * 2, .milliseconds(10))
        }
    }

    /// Whether the child has not ended yet.
    public var isRunning: Bool { (try? exit.poll(id)) == .some(nil) }

    /// What the child wrote to standard output and standard error up to now, one after the other.
    public func outputSoFar() throws -> String {
        String(decoding: try output.contents() + errorOutput.contents(), as: UTF8.self)
    }

    /// Sends a signal to the child's process group, unless the child has been waited for.
    public func kill(_ signal: Int32) {
        exit.whileRunning { _ = Glibc.kill(-id, signal) }
    }

    /// Ends the child: SIGTERM, and SIGKILL to the whole group after `grace`.
    @discardableResult
    public func stop(grace: Duration = .seconds(5)) async -> Status? {
        defer { closeLifeline() }
        // Sent more than once: a shell that is just about to fork may take the signal for a child that never sees it.
        let deadline = ContinuousClock.now + grace
        while ContinuousClock.now < deadline {
            kill(SIGTERM)
            if let status = try? await waitUncancelled(for: .milliseconds(200)) { return status }
        }
        kill(SIGKILL)
        return try? await waitUncancelled(for: .seconds(5))
    }

    private func destroy() async {
        kill(SIGKILL)
        _ = try? await waitUncancelled(for: .seconds(5))
    }

    /// Waits also in a cancelled task, because a child that was killed must still be reaped.
    private func waitUncancelled(for time: Duration) async throws -> Status? {
        let deadline = ContinuousClock.now + time
        while ContinuousClock.now < deadline {
            if let status = try exit.poll(id) { return status }
            if (try? await Task.sleep(for: .milliseconds(2))) == nil {
                usleep(2_000)
            }
        }
        return nil
    }

    /// The file that a shell would run for `program`, looking in /usr/sbin and /sbin as well.
    public static func find(_ program: String) -> FilePath? {
        if program.contains("/") { return access(program, X_OK) == 0 ? FilePath(program) : nil }
        let path = ProcessInfo.processInfo.environment["PATH"] ?? "/usr/local/bin:/usr/bin:/bin"
        return (path.split(separator: ":").map(String.init) + ["/usr/sbin", "/sbin"])
            .map { FilePath($0).appending(program) }
            .first { access($0.string, X_OK) == 0 }
    }
}
