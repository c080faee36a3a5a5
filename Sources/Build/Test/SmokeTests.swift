// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

public import OCI
public import Sandbox

/// What has to succeed in every platform's finished image before anybody sees the result.
public struct SmokeTests: Sendable, Hashable {
    /// Commands that have to end with status 0, in the place of ENTRYPOINT and CMD.
    public var commands: [Command] = []
    /// The image's own ENTRYPOINT and CMD have to run at least so long, or, where the image has a HEALTHCHECK, until that
    /// succeeds; nil when they are not tried.
    public var staysUp: Duration?
    /// A test that takes longer has failed.
    public var timeLimit = Duration.seconds(120)
    /// The network of each test.
    public var network = NetworkMode.none

    public init() {}

    public var isEmpty: Bool { commands.isEmpty && staysUp == nil }

    /// A command to try.
    public enum Command: Sendable, Hashable {
        /// A line for the image's SHELL.
        case shell(String)
        /// A program and its arguments.
        case program([String])
    }
}

extension SmokeTests.Command: CustomStringConvertible {
    /// The command as one line.
    public var description: String {
        switch self {
        case .shell(let text): text
        case .program(let words): words.joined(separator: " ")
        }
    }
}

/// A test that failed in one platform's image.
public struct SmokeTestFailure: Error, Sendable {
    public let step: BuildStep
    public let platform: Platform
    /// The platform that was asked for; another one where the last stage has a platform of its own.
    let target: Platform
    /// What became of it.
    public let reason: String
    /// What to do about it, where something is known to help.
    public let remedy: String?
}

extension SmokeTestFailure: CustomStringConvertible {
    public var description: String { "\(platform): \(step.title): \(reason)" }
}
