// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import Build
import CSandbox
import Emulation
import FoundationEssentials
import OCI
import SystemPackage

/// What `manifold emulators list` says.
struct EmulatorListing {
    private let states: [EmulatorSurvey.State]
    private let isSelection: Bool

    /// - Parameter isSelection: whether what has no emulator is listed as well.
    init(_ states: [EmulatorSurvey.State], isSelection: Bool) {
        self.states = states
        self.isSelection = isSelection
    }

    /// A line for each platform and for each further emulator of it.
    var table: String {
        var table = TextTable("PLATFORM", "EMULATOR", "VERSION", "HANDLER", "WORKS", "HOST")
        for state in states where isSelection || isWorthwhile(state) {
            let first = state.emulators.first
            table.add(
                state.name, state.isNative ? "-" : first?.known.emulator.path.string ?? "none",
                state.isNative ? "-" : first?.known.label ?? "-", state.handler, state.works ? "yes" : "no",
                state.host?.label ?? "-")
            for other in state.emulators.dropFirst(state.isNative ? 0 : 1) {
                table.add(
                    "", other.known.emulator.path.string, other.known.label, "-", other.outcome.works ? "yes" : "no", ""
                )
            }
        }
        return table.text
    }

    /// What is wrong, and what is not listed.
    var remarks: String {
        var lines: [String] = []
        for state in states where isSelection || isWorthwhile(state) {
            lines += state.problems.map { "\(state.name): \($0)" }
        }
        if let error = states.lazy.compactMap(\.error).first(where: \.isOfHandlers) {
            lines.append(
                mf_in_initial_user_namespace()
                    ? "no user namespace could be made, so only the host's handlers count here (see manifold doctor)"
                    : told(error))
        }
        let missing = states.filter { !isWorthwhile($0) && !$0.target.isOutdated }
        if let first = missing.first, let error = first.error {
            let names = missing.map { "\($0.platform)" }
            let shown =
                names.count > 6
                ? names.prefix(6).joined(separator: ", ") + " and others" : names.joined(separator: ", ")
            lines.append("no emulator for \(shown)" + (Remedy.of(error).map { ": \($0)" } ?? ""))
        }
        return lines.map { $0 + "\n" }.joined()
    }

    /// An array of what is known of each target.
    var json: String {
        get throws {
            let encoder = JSONEncoder()
            encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
            return String(decoding: try encoder.encode(states.map { EmulatorRecord($0) }), as: UTF8.self)
        }
    }

    private func isWorthwhile(_ state: EmulatorSurvey.State) -> Bool {
        state.isNative || !state.emulators.isEmpty || state.host != nil || state.dynamic != nil
    }

    private func told(_ error: EmulationError) -> String {
        "\(error)" + (error.remedy.map { "; \($0)" } ?? "")
    }
}

extension KnownEmulator {
    /// Its version, and the name that it was given.
    var label: String {
        let number = version?.number ?? "unknown"
        return (name.map { "\(number) (\($0))" } ?? number) + (emulator.digest == nil ? "" : " imported")
    }
}

extension EmulatorTarget {
    /// Whether today's QEMU lacks it, so that nobody misses it.
    fileprivate var isOutdated: Bool { removedIn != nil }
}

extension EmulationError {
    /// Whether it is of this machine rather than of one platform.
    fileprivate var isOfHandlers: Bool { if case .noHandlers = self { true } else { false } }
}

extension EmulatorSurvey.Host {
    /// The handlers with their flags; the one that acts first, where it is known.
    fileprivate var label: String {
        handlers.map { "\($0.name) (\($0.flags.isEmpty ? "no flags" : $0.flags))" }.joined(separator: ", ")
    }
}

extension EmulatorSurvey.State {
    /// The platform, and QEMU's name where another emulator is the usual one for it.
    fileprivate var name: String {
        EmulatorTable.target(for: platform) == target ? "\(platform)" : "\(platform) (\(target.target))"
    }

    /// What starts the platform's programs in a build.
    fileprivate var handler: String {
        if isNative { return "native" }
        if error == nil { return isByHost ? "host" : "private" }
        return "none"
    }

    /// What is wrong, a sentence each.
    fileprivate var problems: [String] {
        var problems: [String] = []
        if case .noVersion = error { problems.append(error.map { "\($0)" } ?? "") }
        if let outcome, !outcome.works { problems.append("the probe \(outcome)") }
        if let dynamic {
            problems.append("\(dynamic) needs libraries, which are in no image; a static emulator is needed")
        }
        for other in emulators where !other.outcome.works {
            problems.append("\(other.known.emulator.path): the probe \(other.outcome)")
        }
        return problems + (host.map { $0.problems(target) } ?? [])
    }
}

extension EmulatorSurvey.Host {
    /// What is wrong with the host's handlers, which matters to other programs than manifold.
    fileprivate func problems(_ target: EmulatorTarget) -> [String] {
        var problems: [String] = []
        for handler in handlers {
            if !handler.isEnabled { problems.append("the host's handler \(handler.name) is disabled") }
            if !handler.flags.contains("F") {
                problems.append(
                    "the host's handler \(handler.name) lacks flag F: it works only where \(handler.interpreter) is")
            }
        }
        if !outcome.works { problems.append("under the host's handlers the probe \(outcome)") }
        if let interpreter, interpreter.isStale {
            problems.append(
                "the host's handler runs a QEMU \(interpreter.file?.version?.number ?? "") that \(interpreter.path) "
                    + "is no more: register it again (sudo manifold emulators install \(target.platform))")
        }
        return problems
    }
}
