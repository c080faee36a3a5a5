// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import Emulation
import OCI
import SystemPackage

/// One target in `manifold emulators list --json`.
struct EmulatorRecord: Encodable {
    let platform: String
    let target: String
    let works: Bool
    /// native, private, host or none.
    let handler: String
    let problem: String?
    let remedy: String?
    let removedFromQEMU: String?
    let emulators: [Program]
    let dynamic: String?
    let host: Host?

    /// A static emulator.
    struct Program: Encodable {
        let path: String
        let version: String?
        let `static`: Bool
        let imported: Bool
        let name: String?
        let sha256: String?
        let works: Bool
        let problem: String?
    }

    /// The host's handlers.
    struct Host: Encodable {
        let handlers: [Handler]
        let works: Bool
        let problem: String?
        let running: Running?
    }

    /// One entry of the host's list.
    struct Handler: Encodable {
        let name: String
        let interpreter: String
        let flags: String
        let enabled: Bool
    }

    /// What the kernel really runs.
    struct Running: Encodable {
        let path: String
        let version: String?
        let stale: Bool
    }

    init(_ state: EmulatorSurvey.State) {
        platform = state.platform.description
        target = state.target.target
        works = state.works
        handler = state.isNative ? "native" : state.error != nil ? "none" : state.isByHost ? "host" : "private"
        problem =
            state.error.map { "\($0)" } ?? state.outcome.flatMap { $0.works ? nil : "the probe \($0)" }
        remedy = state.error?.remedy
        removedFromQEMU = state.target.removedIn
        emulators = state.emulators.map { found in
            Program(
                path: found.known.emulator.path.string, version: found.known.version?.text, static: true,
                imported: found.known.emulator.digest != nil, name: found.known.name,
                sha256: found.known.emulator.digest?.encoded, works: found.outcome.works,
                problem: found.outcome.works ? nil : "the probe \(found.outcome)")
        }
        dynamic = state.dynamic?.string
        host = state.host.map { host in
            Host(
                handlers: host.handlers.map {
                    Handler(name: $0.name, interpreter: $0.interpreter, flags: $0.flags, enabled: $0.isEnabled)
                },
                works: host.outcome.works, problem: host.outcome.works ? nil : "the probe \(host.outcome)",
                running: host.interpreter.map {
                    Running(path: $0.path.string, version: $0.file?.version?.text, stale: $0.isStale)
                })
        }
    }
}
