// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

public import OCI

/// HEALTHCHECK.
public struct Healthcheck: Hashable, Sendable {
    /// How the check is made.
    public enum Test: Hashable, Sendable {
        /// Not at all, not even as the base image has it.
        case none
        case command(CommandForm)
    }

    public var test: Test
    /// In nanoseconds; zero leaves the engine's default.
    public var interval: Int64 = 0
    public var timeout: Int64 = 0
    public var startPeriod: Int64 = 0
    public var startInterval: Int64 = 0
    public var retries = 0

    init(_ node: Node) throws(DockerfileError) {
        guard let kind = node.words.first else {
            throw DockerfileError("HEALTHCHECK requires at least one argument", culprit: node.keyword)
        }
        let arguments = Array(node.words.dropFirst())
        if kind.uppercased() == "NONE" {
            guard arguments.isEmpty else {
                throw DockerfileError("HEALTHCHECK NONE takes no arguments", culprit: arguments.first)
            }
            test = .none
            return
        }
        let flags = try FlagReader(
            node,
            [
                .string("interval"), .string("timeout"), .string("start-period"), .string("start-interval"),
                .string("retries"),
            ])
        guard kind.uppercased() == "CMD" else {
            throw DockerfileError(
                "Unknown type \(GoQuoting.quoted(kind.uppercased())) in HEALTHCHECK (try CMD)", culprit: kind)
        }
        guard !arguments.isEmpty else {
            throw DockerfileError("Missing command after HEALTHCHECK CMD", culprit: kind)
        }
        test = .command(node.isJSON ? .exec(arguments) : .shell(arguments.joined(separator: " ")))
        interval = try Self.duration(flags, "interval")
        timeout = try Self.duration(flags, "timeout")
        startPeriod = try Self.duration(flags, "start-period")
        startInterval = try Self.duration(flags, "start-interval")
        if let text = flags.string("retries") {
            guard let retries = Int32(text) else {
                throw DockerfileError(
                    "--retries wants a whole number, not \(GoQuoting.quoted(text))", culprit: "--retries=\(text)")
            }
            guard retries >= 0 else {
                throw DockerfileError("--retries cannot be negative (\(retries))", culprit: "--retries=\(text)")
            }
            self.retries = Int(retries)
        }
    }

    private static func duration(_ flags: FlagReader, _ name: String) throws(DockerfileError) -> Int64 {
        guard let text = flags.string(name) else { return 0 }
        let nanoseconds: Int64
        do throws(DockerfileError) {
            nanoseconds = try GoDuration.parse(text)
        } catch {
            throw DockerfileError("--\(name): \(error.message)", culprit: "--\(name)=\(text)")
        }
        guard nanoseconds == 0 || nanoseconds >= 1_000_000 else {
            throw DockerfileError(
                "Interval \(GoQuoting.quoted(name)) cannot be less than 1ms", culprit: "--\(name)=\(text)")
        }
        return nanoseconds
    }

    /// The value for an image's config.
    public var config: ContainerConfig.Healthcheck {
        var config = ContainerConfig.Healthcheck()
        switch test {
        case .none: config.test = ["NONE"]
        case .command(.shell(let text)): config.test = ["CMD-SHELL", text]
        case .command(.exec(let arguments)): config.test = ["CMD"] + arguments
        }
        config.interval = interval == 0 ? nil : interval
        config.timeout = timeout == 0 ? nil : timeout
        config.startPeriod = startPeriod == 0 ? nil : startPeriod
        config.startInterval = startInterval == 0 ? nil : startInterval
        config.retries = retries == 0 ? nil : retries
        return config
    }
}
