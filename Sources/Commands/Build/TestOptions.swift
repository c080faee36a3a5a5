// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import ArgumentParser
import Build
import FoundationEssentials
import Sandbox

/// The flags of `manifold build` for what is tried in the finished images before anything is published.
struct TestOptions: ParsableArguments {
    @Option(
        name: .customLong("test"),
        help: ArgumentHelp(
            "Run this in every platform's finished image, and publish nothing unless it succeeds; may be repeated.",
            discussion: """
                A line for the image's SHELL, or a JSON list of a program and its arguments where there is no shell. It \
                takes the place of ENTRYPOINT and CMD; user, directory and variables are the image's.
                """,
            valueName: "command"))
    var commands: [String] = []

    @Option(
        name: .customLong("test-up"),
        help: ArgumentHelp(
            "Start what the image itself says, ENTRYPOINT and CMD; it has to run for this time, and fails when it ends "
                + "before, whatever its exit code.",
            discussion: """
                Where the image has a HEALTHCHECK, that has to succeed instead: it is tried often, for this time, or for \
                the image's start period and retries when that is longer.
                """,
            valueName: "duration"))
    var staysUp: String?

    @Option(
        name: .customLong("test-timeout"),
        help: ArgumentHelp("A test that takes longer has failed.", valueName: "duration"))
    var timeout = "2m"

    @Option(
        name: .customLong("test-network"),
        help: ArgumentHelp("The network of tests: none (a loopback interface of its own) or host.", valueName: "mode"))
    var network = NetworkMode.none.rawValue

    /// What is tried.
    ///
    /// - Throws: ``CommandError``.
    func tests() throws -> SmokeTests {
        var tests = SmokeTests()
        tests.commands = try commands.map(Self.command)
        tests.staysUp = try staysUp.map { try TimeOption.duration($0, of: "--test-up") }
        tests.timeLimit = try TimeOption.duration(timeout, of: "--test-timeout")
        if let time = tests.staysUp, time > tests.timeLimit {
            throw CommandError(
                "--test-up \(staysUp ?? "") is longer than a test may take, \(timeout)",
                remedy: "give more time with --test-timeout")
        }
        guard let mode = NetworkMode(rawValue: network) else {
            throw CommandError("--test-network \(network) is not known", remedy: "use none or host")
        }
        tests.network = mode
        return tests
    }

    /// A JSON list of words is a program; everything else, `[ -f /file ]` among it, is for a shell.
    private static func command(_ text: String) throws -> SmokeTests.Command {
        if text.first == "[", let words = try? JSONDecoder().decode([String].self, from: Data(text.utf8)) {
            guard let program = words.first, !program.isEmpty else {
                throw CommandError(
                    "--test \(text) names no program", remedy: #"write it as --test '["/app", "--version"]'"#)
            }
            return .program(words)
        }
        guard text.contains(where: { !$0.isWhitespace }) else {
            throw CommandError("--test without a command", remedy: "write it as --test 'app --version'")
        }
        return .shell(text)
    }
}
