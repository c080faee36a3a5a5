// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

public import OCI

/// How long the parts of a build may take, and when a silent step is told of.
public struct TimeSettings: Sendable, Hashable {
    /// The time that a RUN command or a download may take; nil for any.
    public var step: Duration?
    /// The same for the steps of single platforms, in the place of ``step``.
    public var platforms: [Platform: Duration] = [:]
    /// The time for everything; nil for any.
    public var total: Duration?
    /// After so long without output a command's processes are told of, and again at growing distances; nil for never.
    public var heartbeat: Duration?

    public init() {}

    /// The time for a step that some platforms share: that of the most patient.
    func limit(for platforms: [Platform]) -> Duration? {
        guard !platforms.isEmpty else { return step }
        var longest = Duration.zero
        for platform in platforms {
            guard let limit = self.platforms[platform] ?? step else { return nil }
            longest = max(longest, limit)
        }
        return longest
    }
}

/// A part of a build took longer than it may.
public struct TimeOut: Error, Sendable, Hashable {
    public let limit: Duration
    /// Whether it is the whole build.
    public let isOfBuild: Bool
    /// What ran then; nil for what is no command.
    public let running: String?
    /// What to do about it.
    public let remedy: String
}

extension TimeOut: CustomStringConvertible {
    public var description: String {
        let processes = running.map { $0.isEmpty ? "" : "; it ran \($0)" } ?? ""
        return isOfBuild
            ? "the build was stopped after \(limit.words), which is --timeout total\(processes)"
            : "it was stopped after \(limit.words), which is its --timeout\(processes)"
    }
}

extension TimeOut {
    /// That of a step.
    init(of step: Duration, running: String? = nil) {
        self.init(
            limit: step, isOfBuild: false, running: running,
            remedy:
                "--timeout step=DURATION or --timeout PLATFORM=DURATION gives it more time, --jobs 1 leaves it alone "
                + "with the processors; what a compiler does is fastest in a stage FROM --platform=$BUILDPLATFORM")
    }

    /// That of the whole build.
    init(ofBuild limit: Duration, running: [BuildStep]) {
        let steps = running.map { step in
            (step.platforms.isEmpty ? "" : step.platforms.map(\.description).joined(separator: ",") + " ") + step.title
        }
        self.init(
            limit: limit, isOfBuild: true, running: steps.joined(separator: "; "),
            remedy: "build again with more time: the steps that are done are not done again")
    }
}

extension Duration {
    /// The time as a flag has it: `90s`, `1m30s`, `2h`, `1.5s`.
    package var words: String {
        let milliseconds = max(0, self / .milliseconds(1)).rounded()
        guard milliseconds < 1e15 else { return "ever" }
        let all = Int64(milliseconds)
        let (hours, minutes, seconds) = (all / 3_600_000, all / 60_000 % 60, all / 1000 % 60)
        let parts = [(hours, "h"), (minutes, "m")].filter { $0.0 > 0 }.map { "\($0.0)\($0.1)" }
        if all % 1000 != 0 {
            return parts.joined() + "\(Double(all % 60_000) / 1000)s"
        }
        return parts.isEmpty || seconds > 0 ? parts.joined() + "\(seconds)s" : parts.joined()
    }
}

/// Does something within a time.
///
/// - Throws: what `error` makes when the time is over, after the work was cancelled and has ended; what `body` throws.
func within<Result: Sendable>(
    _ limit: Duration?, or error: @escaping @Sendable () -> any Error,
    _ body: @escaping @Sendable () async throws -> Result
) async throws -> Result {
    guard let limit else { return try await body() }
    return try await withThrowingTaskGroup(of: Result.self) { group in
        group.addTask(operation: body)
        group.addTask {
            try await Task.sleep(for: limit)
            throw error()
        }
        defer { group.cancelAll() }
        guard let result = try await group.next() else { throw CancellationError() }
        return result
    }
}
