// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import Diagnosis
import Dockerfile
import Emulation
import Layers
import OCI
import Sandbox
public import Store
import SystemPackage

/// Runs commands in finished images, each in an overlay of its own of which nothing stays.
public struct ImageRunner: Sendable {
    private let store: Store
    private let runner: any CommandRunner
    private let events: EventRelay

    /// - Parameters:
    ///   - store: takes the layers and what is unpacked of them.
    ///   - runner: who executes; the process must be root of a user namespace.
    ///   - events: is told what is fetched.
    public init(store: Store, runner: any CommandRunner, events: EventRelay) {
        self.store = store
        self.runner = runner
        self.events = events
    }

    /// Runs a command to its end, or until its time is over.
    ///
    /// - Parameter output: is called with what the command prints, one call at a time.
    /// - Throws: when the command could not be started: ``RunError``, ``SandboxError``, ``EmulationError``,
    ///   ``LayersError``, ``StoreError``, and what the image's place throws; `CancellationError`.
    public func run(
        _ command: ImageCommand, in image: RunnableImage,
        output: @escaping @Sendable (BuildEvent.OutputStream, [UInt8]) -> Void
    ) async throws -> ImageRunReport {
        let library = LayerLibrary(store: store, source: image.source, events: events)
        return try await run(command, in: image, library: library, output: output)
    }

    /// Runs a command in an image whose layers a library has.
    ///
    /// - Parameter beside: is done while the command runs, which is stopped when that returns or throws.
    /// - Throws: what `beside` throws, too.
    func run(
        _ command: ImageCommand, in image: RunnableImage, library: LayerLibrary,
        beside: (@Sendable (RunningCommand) async throws -> Void)? = nil,
        output: @escaping @Sendable (BuildEvent.OutputStream, [UInt8]) -> Void
    ) async throws -> ImageRunReport {
        let words = try command.words(in: image)
        let container = image.config.config
        let directory = Paths.resolve(command.workingDirectory ?? container?.workingDir ?? "", against: "/")
        let home = RunPlace.Home(user: command.user ?? container?.user ?? "", workingDirectory: directory)
        return try await RunPlace.with(home, on: image.layers, library: library) { place in
            let environment = Self.environment(command, container, home: place.identity.home)
            try ProgramCheck(place: place, environment: environment, directory: directory)
                .check(words, for: image.platform)
            var step = StepCommand(
                arguments: words, environment: environment, workingDirectory: directory, user: place.identity,
                network: command.network, platform: image.platform, lower: place.lower, upper: place.upper,
                work: place.work, scratch: place.scratch, scripts: [], mounts: command.mounts,
                hostname: command.hostname, settings: command.settings)
            step.rootAccess = command.rootAccess
            step.control = command.control ?? beside.map { _ in ProcessControl() }
            let start = ContinuousClock.now
            let (end, explanation) = try await RunningCommand(step, runner: runner)
                .end(within: command.timeLimit, beside: beside, output)
            return ImageRunReport(end: end, duration: start.duration(to: .now), explanation: explanation)
        }
    }

    /// The image's variables, what the command says of them, and what every process expects.
    private static func environment(
        _ command: ImageCommand, _ container: ContainerConfig?, home: String
    ) -> [String] {
        var lines: [String] = []
        var places: [Substring: Int] = [:]
        var usual = ["PATH=\(StageState.defaultPath)", "HOSTNAME=\(command.hostname)", "HOME=\(home)"]
        if command.control?.hasTerminal == true { usual.append("TERM=\(command.terminalType ?? "xterm")") }
        for line in usual + (container?.env ?? []) + command.environment {
            let name = line.prefix { $0 != "=" }
            if let place = places[name] {
                lines[place] = line
            } else {
                places[name] = lines.count
                lines.append(line)
            }
        }
        return lines
    }
}
