// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

public import OCI
public import SystemPackage

/// Finds out which platforms' programs run here and by what, by running one of each.
///
/// In a user namespace of its own a process learns what a build has; elsewhere only what the host's handlers do.
public struct EmulatorSurvey: Sendable {
    private let finder: EmulatorFinder
    private let probe: EmulatorProbe
    private let binfmt: FilePath

    /// - Parameters:
    ///   - finder: where emulators are.
    ///   - probe: how programs are tried.
    ///   - binfmt: where the host's list of handlers is mounted.
    public init(
        finder: EmulatorFinder, probe: EmulatorProbe = EmulatorProbe(), binfmt: FilePath = "/proc/sys/fs/binfmt_misc"
    ) {
        self.finder = finder
        self.probe = probe
        self.binfmt = binfmt
    }

    /// What runs programs of one target.
    public struct State: Sendable {
        public let target: EmulatorTarget
        /// The platform whose programs they are.
        public let platform: Platform
        /// Whether it is the host's handlers by which a build runs these programs.
        public let isByHost: Bool
        /// Whether the processor is to run them by itself.
        public let isNative: Bool
        /// The static emulators, the one that a build takes first.
        public let emulators: [Found]
        /// An emulator that does not do, since it needs libraries.
        public let dynamic: FilePath?
        /// What the host's handlers do; nil when none takes these programs.
        public let host: Host?
        /// What becomes of a program as a build runs it; nil when it cannot.
        public let outcome: ProbeOutcome?
        /// Why a build cannot run any.
        public let error: EmulationError?

        /// Whether programs run as a build runs them.
        public var works: Bool { outcome?.works ?? false }
    }

    /// An emulator, and what becomes of a program that it is called with by name.
    public struct Found: Sendable {
        public let known: KnownEmulator
        public let outcome: ProbeOutcome
    }

    /// The host's handlers for one target's programs.
    public struct Host: Sendable {
        /// Those that take them, enabled or not.
        public let handlers: [HostHandler]
        /// What becomes of a program under them.
        public let outcome: ProbeOutcome
        /// What then runs it.
        public let interpreter: EmulatorProbe.Interpreter?
    }

    /// Asks for every target of `targets`, a few at a time; the answers are in the same order.
    ///
    /// The handlers that this registers for the purpose end with the process's user namespace.
    /// - Throws: `CancellationError`.
    public func states(of targets: [EmulatorTarget] = EmulatorTable.all) async throws -> [State] {
        let all = HostHandlers.current(in: binfmt)
        // Before any handler of our own, which hides those of the host.
        let hosts = try await several(targets) { target in try await host(target, among: all) }
        let handlers = PrivateBinfmt()
        let states = try await several(Array(zip(targets, hosts))) { target, host in
            try await state(of: target, host: host, handlers)
        }
        await handlers.stay()
        return states
    }

    private func host(_ target: EmulatorTarget, among all: [HostHandler]) async throws -> Host? {
        let takers = all.filter { $0.takes(target) }
        guard !takers.isEmpty else { return nil }
        let outcome = try await probe.run(target)
        return Host(
            handlers: takers, outcome: outcome,
            interpreter: outcome.works ? try await probe.interpreter(of: target) : nil)
    }

    private func state(of target: EmulatorTarget, host: Host?, _ handlers: PrivateBinfmt) async throws -> State {
        let platform = target.platform
        let known = finder.all(of: target)
        var found: [Found] = []
        for emulator in known {
            found.append(
                Found(known: emulator, outcome: try await probe.run(target, by: .emulator(emulator.emulator))))
        }
        var isNative = false
        var outcome: ProbeOutcome?
        var failure: EmulationError?
        do throws(EmulationError) {
            switch try ExecutionMode(for: platform, finder: finder) {
            case .native: isNative = true
            // Another target has this platform's programs.
            case .emulated(let emulator) where emulator.target != target:
                throw .notInstalled(
                    platform, target: target.target, searched: finder.directories)
            case .emulated(let emulator):
                found = found.filter { $0.known.emulator == emulator } + found.filter { $0.known.emulator != emulator }
                try await handlers.register(emulator, for: platform)
            }
        } catch {
            failure = error
        }
        let areOfHost = await handlers.areOfHost
        if failure == nil { outcome = try await probe.run(target) }
        return State(
            target: target, platform: platform, isByHost: !isNative && areOfHost, isNative: isNative, emulators: found,
            dynamic: known.isEmpty ? finder.dynamicProgram(of: target) : nil, host: host, outcome: outcome,
            error: failure)
    }

    private func several<Input: Sendable, Output: Sendable>(
        _ inputs: [Input], _ body: @escaping @Sendable (Input) async throws -> Output
    ) async throws -> [Output] {
        try await withThrowingTaskGroup(of: (Int, Output).self) { group in
            var outputs: [Int: Output] = [:]
            for (index, input) in inputs.enumerated() {
                if index >= 8, let (done, output) = try await group.next() { outputs[done] = output }
                group.addTask { (index, try await body(input)) }
            }
            for try await (done, output) in group { outputs[done] = output }
            return inputs.indices.compactMap { outputs[$0] }
        }
    }
}

extension EmulatorTarget {
    /// The platform whose programs it runs; of 32-bit ARM the newest variant, which it runs like the older ones.
    public var platform: Platform {
        let plain = Platform(os: "linux", architecture: architecture, variant: variant)
        return (try? Platform(plain.description)) ?? plain
    }
}

extension PrivateBinfmt {
    /// Does nothing, late enough: handlers stay as long as their object.
    func stay() {}
}
