// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import Build
import Commands
import OCI

/// Plays events to a display on a clock of its own and collects what the display writes.
struct Rehearsal {
    static let beginning = ContinuousClock.now

    var build = BuildProgress()
    var display: any ProgressDisplay
    var now = Rehearsal.beginning
    var text = ""

    init(_ display: any ProgressDisplay) {
        self.display = display
    }

    mutating func send(_ event: BuildEvent) {
        for update in build.apply(event, at: now) { text += display.show(update, of: build, at: now) }
    }

    mutating func start(_ step: BuildStep) { send(.started(step, at: now)) }

    mutating func print(_ text: String, by step: BuildStep, to stream: BuildEvent.OutputStream = .stdout) {
        send(.output(step: step.id, stream: stream, bytes: Array(text.utf8)))
    }

    mutating func finish(_ step: BuildStep, _ outcome: BuildEvent.Outcome = .done) {
        send(.finished(step: step.id, outcome: outcome, at: now))
    }

    mutating func wait(_ milliseconds: Int) { now = now.advanced(by: .milliseconds(milliseconds)) }

    /// Draws and gives back only what this drawing wrote.
    mutating func refresh() -> String {
        let drawing = display.refresh(build, at: now)
        text += drawing
        return drawing
    }

    mutating func end() -> String {
        let ending = display.finish(build, at: now)
        text += ending
        return ending
    }
}

/// Steps that the suites share.
enum Steps {
    static let amd64 = Platform(os: "linux", architecture: "amd64")
    static let arm64 = Platform(os: "linux", architecture: "arm64")

    static let context = BuildStep(id: 1, platforms: [], title: "load build context")
    static let from = BuildStep(
        id: 2, platforms: [amd64, arm64], stage: "build", position: .init(number: 1, count: 5), title: "FROM debian:12",
        lines: 1...1)
    static let make = BuildStep(
        id: 3, platforms: [arm64], stage: "build", position: .init(number: 2, count: 5), title: "RUN make", lines: 7...7
    )
    static let push = BuildStep(id: 4, platforms: [arm64], title: "push 127.0.0.1:5000/demo:1")

    static func run(_ id: Int, _ title: String) -> BuildStep {
        BuildStep(
            id: id, platforms: [arm64], stage: "build", position: .init(number: id, count: 99), title: title, lines: nil
        )
    }

    static func summary() throws -> BuildSummary {
        let first = try Digest("sha256:" + String(repeating: "0a", count: 32))
        let second = try Digest("sha256:" + String(repeating: "1b", count: 32))
        return BuildSummary(
            digest: try Digest("sha256:" + String(repeating: "2c", count: 32)),
            images: [
                .init(platform: amd64, digest: first, size: 4_560_000),
                .init(platform: Platform(os: "linux", architecture: "arm", variant: "v7"), digest: second, size: 999),
            ], names: ["127.0.0.1:5000/demo:1"])
    }
}
