// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import Build
import Dockerfile
import OCI

extension ScheduleOptions {
    /// Tells a build what these flags say.
    ///
    /// - Parameter optional: the platforms of `--optional-platform`.
    /// - Throws: ``CommandError``.
    func apply(to request: inout BuildRequest, optional: [Platform], in environment: Environment) throws {
        if let jobs, jobs < 1 { throw CommandError("--jobs \(jobs): at least one step has to run") }
        request.parallelism = jobs
        request.memory = try memory.map { text in
            guard let size = ByteCount.parse(text), size > 0 else {
                throw CommandError("--memory \(text) is no size", remedy: "write it as --memory 4g")
            }
            return size
        }
        request.times = try times(for: request.platforms)
        request.times.heartbeat = try heartbeat(in: environment)
        request.failurePolicy = FailurePolicy(finishesOthers: keepsGoing, optional: Set(optional))
    }

    private func times(for platforms: [Platform]) throws -> TimeSettings {
        var times = TimeSettings()
        for text in timeouts {
            if text.isEmpty { throw CommandError("--timeout is empty", remedy: "write it as --timeout 30m") }
            var list = try AttributeList(text, flag: "--timeout", example: "step=30m") { ("step", $0) }
            times.step = try list.take("step").map { try Self.duration($0, of: list.source) } ?? times.step
            times.total = try list.take("total").map { try Self.duration($0, of: list.source) } ?? times.total
            for word in list.rest {
                let platform = word == "local" ? Platform.host : try AskedPlatform(word).platform
                guard platforms.contains(platform) else {
                    let all = platforms.map(\.description).joined(separator: ", ")
                    throw CommandError(
                        "\(list.source): nothing is built for \(platform)",
                        remedy: "name one of \(all), or write step=DURATION or total=DURATION")
                }
                times.platforms[platform] = try list.take(word).map { try Self.duration($0, of: list.source) }
            }
        }
        return times
    }

    private func heartbeat(in environment: Environment) throws -> Duration? {
        let (text, source) =
            heartbeat.map { ($0, "--heartbeat \($0)") }
            ?? environment["MANIFOLD_HEARTBEAT"].map { ($0, "MANIFOLD_HEARTBEAT=\($0)") } ?? ("60s", "")
        if ["0", "0s", "off"].contains(text) { return nil }
        return try Self.duration(text, of: source)
    }

    private static func duration(_ text: String, of source: String) throws -> Duration {
        guard let duration = TimeOption.duration(text) else {
            throw CommandError("\(source): \(text) is no time", remedy: "write it as 90s, 30m or 1h30m")
        }
        return duration
    }
}
