// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import Build
import CSandbox
import Emulation
import Glibc
import Host
import OCI
import SystemPackage

/// Whether the programs of platforms run, tried with one of each in the sandbox that a RUN step has.
///
/// In a user namespace of manifold's.
struct EmulatorsCheck: Check {
    let machine: ExaminedMachine
    let place: ProofPlace
    let finder: EmulatorFinder
    let platforms: [Platform]
    /// Whether somebody asked for these platforms.
    let areAsked: Bool

    func findings() async -> [Finding] {
        let (handlers, ownHandlers) = handlersFinding()
        let runner = SandboxRunner(finder: finder)
        let probe = ProbeRun(place: place, runner: runner)
        let sandbox = await sandboxFinding(probe)
        guard sandbox.status != .failure else { return [handlers, sandbox] }

        var findings = [handlers, sandbox]
        var withoutRights: [String] = []
        var emulated: [Platform] = []
        for platform in platforms {
            do throws(EmulationError) {
                let mode = try ExecutionMode(for: platform, finder: finder)
                let (finding, works) = await finding(platform, mode, probe)
                findings.append(finding)
                guard works, case .emulated = mode else { continue }
                emulated.append(platform)
                if case .setUserIDIgnored = await probe.setUserID(platform) { withoutRights.append("\(platform)") }
            } catch .notInstalled {
                continue
            } catch .notStatic {
                continue
            } catch {
                findings.append(
                    Finding(
                        "emulator", areAsked ? .failure : .warning, "\(platform)", "\(error)", advice: error.remedy,
                        platform: platform.description))
            }
        }
        // One line for all that are not there.
        findings += await EmulatorFilesCheck(
            machine: machine, finder: finder, platforms: platforms, areAsked: areAsked
        ).findings()
        findings += rights(emulated, withoutRights, ownHandlers)
        findings += await DirectoryOffsetsCheck(place: place, platforms: emulated.filter(\.is32Bit).map(\.description))
            .findings()
        return findings
    }

    private func handlersFinding() -> (Finding, areOwn: Bool) {
        let instance = mf_mount_binfmt()
        guard instance >= 0 else {
            let error = Errno(rawValue: errno)
            let sentence =
                machine.kernelVersion < (6, 7)
                ? "this kernel has none (6.7 has), so that the host's have to do"
                : error == .operationNotSupportedByDevice
                    ? "the kernel has no binfmt_misc (module not loaded, or not built)"
                    : "binfmt_misc cannot be mounted in a user namespace: \(error)"
            return (
                Finding(
                    "private-handlers", .note, "handlers of manifold's own", sentence,
                    commands: error == .operationNotSupportedByDevice ? [machine.sudo("modprobe binfmt_misc")] : []),
                false
            )
        }
        close(instance)
        return (
            Finding(
                "private-handlers", .ok, "handlers of manifold's own",
                "binfmt_misc can be mounted in a user namespace: nothing needs to be registered on the host"), true
        )
    }

    private func sandboxFinding(_ probe: ProbeRun) async -> Finding {
        switch await probe.plain(machine.host) {
        case .works, .setUserIDIgnored, .noProbe:
            Finding(
                "sandbox", .ok, "sandbox",
                "a program ran as a RUN step does: namespaces, overlay, /proc, /dev, /dev/shm, seccomp filter")
        case .failed(let why, let remedy):
            Finding(
                "sandbox", .failure, "sandbox", "a program could not be run as a RUN step does: \(why)", advice: remedy)
        }
    }

    private func finding(
        _ platform: Platform, _ mode: ExecutionMode, _ probe: ProbeRun
    ) async -> (Finding, works: Bool) {
        let runs: String
        switch mode {
        case .native: runs = "native"
        case .emulated(let emulator):
            let version = emulator.file?.version?.number
            runs = "qemu-\(emulator.target.target)" + (version.map { " \($0)" } ?? "")
        }
        func finding(_ status: Finding.Status, _ sentence: String, advice: String? = nil) -> Finding {
            Finding(
                "emulator", status, "\(platform)", sentence, advice: advice, platform: platform.description,
                runs: status == .failure || status == .warning ? nil : runs)
        }
        let place = if case .emulated(let emulator) = mode { " (\(emulator.path))" } else { "" }
        switch await probe.plain(platform) {
        case .works, .setUserIDIgnored:
            let words = runs == "native" ? "runs by itself" : "runs under \(runs)\(place)"
            return (finding(.ok, "\(words): proven with a program"), true)
        case .noProbe:
            return (finding(.note, "\(runs)\(place) is there, and there is no program to try it with"), true)
        case .failed(let why, let remedy):
            return (
                finding(
                    areAsked ? .failure : .warning, "does not run under \(runs)\(place): \(why)", advice: remedy), false
            )
        }
    }

    private func rights(_ emulated: [Platform], _ without: [String], _ areOwn: Bool) -> [Finding] {
        guard !emulated.isEmpty else { return [] }
        guard !without.isEmpty else {
            return [
                Finding("set-user-id", .ok, "set-uid programs", "get their rights under emulation (sudo, su, ping)")
            ]
        }
        return [
            Finding(
                "set-user-id", .warning, "set-uid programs",
                "do not get their rights on \(without.joined(separator: ", "))",
                advice: areOwn
                    ? "see that the store is not on a file system that is mounted nosuid"
                    : "the host's handlers have no flag C; on Linux 6.7 and newer manifold has handlers of its own")
        ]
    }
}

extension Platform {
    /// Whether its programs have addresses of 32 bits.
    fileprivate var is32Bit: Bool { EmulatorTable.target(for: self)?.is64Bit == false }
}
