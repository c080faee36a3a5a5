// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import ArgumentParser
import Build
import Diagnosis
import Emulation
import Glibc
import Images
import OCI
import Registry
import Sandbox
import Store
import SystemPackage

/// `manifold run`
struct RunCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "run",
        abstract: "Run a command in an image of any platform.",
        discussion: """
            What is not said is as the image has it. An image of a foreign platform runs under QEMU; nothing of the run \
            stays. The network is the host's.

            The image is NAME (in the store, else in a registry), docker://NAME, oci:DIR[:TAG], oci-archive:FILE[:TAG], \
            docker-archive:FILE[:NAME] or store:NAME. Options stand before it; what follows is the command.

            The exit code is the command's, 128 + N when signal N ended it, 127 when the program is not there, 126 when \
            it cannot be executed, and 125 when something else failed. SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGUSR1 and SIGUSR2 are passed on to it. With \
            -it it has a terminal, and every key is its own.

            Examples:
              manifold run --platform linux/arm64 busybox uname -m
              manifold run -it --platform linux/riscv64 debian:sid bash
              manifold run -i -v ./data:/data:ro me/app:1.0 sort < names
            """)

    @Argument(
        parsing: .captureForPassthrough,
        help: ArgumentHelp("The image, and what to run instead of its CMD.", valueName: "image and command"))
    var words: [String] = []

    @OptionGroup(title: "Running") var running: ContainerOptions

    @Option(
        name: .customLong("platform"),
        help: ArgumentHelp("The platform whose image is run. Default: this machine's.", valueName: "platform"))
    var platform: String?

    @OptionGroup(title: "Emulators") var emulators: EmulatorOptions
    @Option(
        name: .customLong("pull"),
        help: ArgumentHelp(
            "Whether a registry is asked for NAME: always, missing (when the store lacks it) or never.",
            valueName: "when"))
    var pull = PullPolicy.missing

    @OptionGroup var progress: ProgressOptions
    @OptionGroup(title: "Registry options") var registry: RegistryOptions
    @OptionGroup(title: "Store options") var store: StoreOptions

    /// Whether a command line that names this command is more than a question for help.
    static func runsSomething(_ arguments: [String]) -> Bool {
        let rest = arguments.drop { $0.hasPrefix("-") }.dropFirst()
        return !rest.isEmpty && !(rest.count == 1 && ["--help", "-h", "--version"].contains(rest.first))
    }

    func run() async throws {
        if let word = words.first, ["--help", "-h"].contains(word) { throw CleanExit.helpRequest(self) }
        let environment = Environment.current()
        let status: ExitStatus
        do {
            // What the program prints stands alone unless progress is asked for.
            let mode = progress.progress == nil ? .quiet : try progress.mode(in: environment)
            let terminal = ProgressTerminal(.standardError, environment: environment.variables)
            let reporter = ProgressReporter(mode: mode, terminal: terminal)
            if running.isDetached { throw Self.refusal(of: "--detach") }
            let own = try running.terminal()
            defer { own?.end() }
            let control = try own?.control ?? running.control()
            status = try await Interruption.cancels(besides: [SIGQUIT, SIGUSR1, SIGUSR2], unless: { control.send($0) })
            {
                try await reporter.follow { queue in
                    try await execute(environment, control, EventRelay(receive: queue.send))
                }
            }
        } catch {
            FailureMessage.tell(error)
            throw FailureMessage.code(after: error, Self.code(of: error))
        }
        throw ExitCode(status.shellCode)
    }

    private func execute(
        _ environment: Environment, _ control: ProcessControl, _ events: EventRelay
    ) async throws -> ExitStatus {
        let words = words.first == "--" ? words.dropFirst() : words[...]
        guard let name = words.first else {
            throw CommandError("no image is named", remedy: "write manifold run IMAGE [COMMAND...]")
        }
        guard !name.hasPrefix("-") else {
            throw Self.refusal(of: name)
        }
        var command = try running.command(Array(words.dropFirst()), in: environment)
        command.control = control
        command.terminalType = environment["TERM"]
        let (asked, task) = (try askedPlatform(), command)
        let store = try Store(at: store.path(in: environment))
        let finder = try emulators.finder(in: environment, store: store.root)
        let runner = ImageRunner(store: store, runner: SandboxRunner(finder: finder), events: events)
        let run: @Sendable (any ImageReader) async throws -> ExitStatus = { reader in
            let image = try await Self.image(for: asked, from: reader, store)
            let printer = RunOutput(control: control)
            let report = try await runner.run(task, in: image) { stream, bytes in printer.write(bytes, to: stream) }
            switch report.end {
            case .ended(let status):
                if let explanation = report.explanation { Self.tell(explanation) }
                return status
            case .timeOver: throw CommandError("the command ran for too long")
            }
        }
        let named = try ImagePlace(name, absolute: environment.absolute)
        let place = try place(name, named, store)
        do {
            return try await place.reading(registry, store, in: environment, run)
        } catch let problem as PullProblem where place != named && problem.isOfPlatform && pull != .never {
            // What is in the store is for others; the registry may have more.
            do { return try await named.reading(registry, store, in: environment, run) } catch is RegistryError {
                throw problem
            }
        }
    }

    private func askedPlatform() throws -> Platform? {
        guard let platform else { return nil }
        let list = try PlatformWords.list([platform])
        guard let only = list.first, list.count == 1 else {
            throw CommandError("--platform \(platform) is not one platform", remedy: "name the one to run")
        }
        return only
    }

    /// What was built or pulled comes before what a registry has now.
    private func place(_ name: String, _ place: ImagePlace, _ store: Store) throws -> ImagePlace {
        if pull == .always { return place }
        do { return try place.preferringStore(as: name, store) } catch ImagesError.notInStore where pull != .never {
            return place
        }
    }

    /// The image for a platform; where none is asked for, an image of one foreign platform is meant by its name.
    private static func image(
        for asked: Platform?, from reader: any ImageReader, _ store: Store
    ) async throws -> RunnableImage {
        let rehearsal = try await PullRehearsal(reader, store: store)
        var platform = asked ?? .host
        if asked == nil {
            let platforms = try await rehearsal.platforms()
            if platforms.count == 1, let only = platforms.first, !platform.runnable.contains(only) { platform = only }
        }
        let image = try await rehearsal.image(for: platform)
        return RunnableImage(platform: platform, config: image.config, manifest: image.manifest, from: reader)
    }

    /// Says why the command failed, after what it said itself.
    private static func tell(_ explanation: Explanation) {
        let lines = ["manifold: \(explanation.sentence)"] + (explanation.remedy.map { ["  \($0)"] } ?? [])
        FailureMessage.write(lines.map { SafeText.line($0) + "\n" }.joined())
    }

    /// The exit code that docker run has for a failure.
    private static func code(of error: any Error) -> Int32 {
        switch (error as? UnstartedCommand)?.error ?? error {
        case SandboxError.programNotFound, SandboxError.interpreterNotFound: 127
        case SandboxError.programNotExecutable, SandboxError.wrongFormat, RunError.otherMachine: 126
        default: 125
        }
    }
}

extension PullProblem {
    /// Whether the image is there, and not for the platform.
    fileprivate var isOfPlatform: Bool {
        switch self {
        case .noMatch, .otherPlatform: true
        default: false
        }
    }
}
