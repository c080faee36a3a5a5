// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import Dockerfile
import OCI
import Sandbox

extension StagePlanner {
    /// A RUN with everything decided.
    ///
    /// - Throws: ``DockerfileError``.
    mutating func operation(for run: Run, at instruction: Instruction) throws -> RunOperation {
        try checkDevices(run, at: instruction)
        let (arguments, scripts) = command(of: run)
        return RunOperation(
            arguments: arguments, environment: state.variables.lines,
            workingDirectory: state.workingDirectory, user: state.config.user ?? "",
            network: try network(of: run, at: instruction), platform: state.platform, scripts: scripts,
            proxies: PredefinedArguments.proxies(request.buildArguments, besides: state.variables) + jobs,
            mounts: try mounts(of: run, at: instruction),
            hostname: request.buildArguments["BUILDKIT_SANDBOX_HOSTNAME"].flatMap { $0.isEmpty ? nil : $0 }
                ?? Self.usualHostname,
            settings: request.runSettings, confinement: try confinement(of: run, at: instruction))
    }

    /// How many processes the command should start, where the stage has asked for that and nobody has answered.
    private var jobs: [String] {
        let name = PredefinedArguments.jobs
        guard state.arguments[name] != nil, state.variables[name] == nil, let machine = request.machine else {
            return []
        }
        let number = JobBudget(for: request).processes(
            of: JobCost(of: state.platform, on: resolver.host), sideBySide: request.platforms.count,
            processors: machine.processors)
        return ["\(name)=\(number)"]
    }

    /// BuildKit's, which some scripts look for.
    private static let usualHostname = "buildkitsandbox"

    private func command(of run: Run) -> (arguments: [String], scripts: [InlineFile]) {
        let arguments = run.command.arguments(shell: state.shell)
        switch run.command {
        case .exec: return (arguments, [])
        case .script(let name, let content): return (arguments, [InlineFile(name: name, content: content)])
        case .shell(let text):
            guard text.utf8.count >= Self.longestArgument else { return (arguments, []) }
            // The kernel takes no longer argument; the shell reads it from a file instead, as part of itself.
            let script = InlineFile(name: "command", content: text)
            return (state.shell + [". \(Run.Command.scriptDirectory)/\(script.name)"], [script])
        }
    }

    /// MAX_ARG_STRLEN of execve(2), with the byte that ends the text.
    private static let longestArgument = 128 << 10

    // MARK: What needs to be allowed

    private func network(of run: Run, at instruction: Instruction) throws -> NetworkMode {
        switch run.network {
        case .default: return request.network
        case .none: return .none
        case .host:
            if request.network == .none { try require(.hostNetwork, for: "--network=host", at: instruction) }
            return .host
        }
    }

    private func confinement(of run: Run, at instruction: Instruction) throws -> Confinement {
        guard run.security == .insecure else { return .container }
        try require(.insecure, for: "--security=insecure", at: instruction)
        return .none
    }

    private func require(_ entitlement: Entitlement, for flag: String, at instruction: Instruction) throws {
        guard !request.runSettings.entitlements.contains(entitlement) else { return }
        throw instruction.error(
            "RUN \(flag) has to be allowed on the command line: --allow \(entitlement.rawValue)", culprit: flag)
    }

    private mutating func checkDevices(_ run: Run, at instruction: Instruction) throws {
        for device in run.devices {
            let fields = device.lowercased().split(separator: ",")
            let reason = "it names a device of a daemon's CDI specification, and manifold has no daemon"
            guard !fields.contains("required"), !fields.contains("required=true") else {
                throw instruction.error("RUN --device=\(device): \(reason)", culprit: "--device=\(device)")
            }
            warnings.append(
                BuildWarning(
                    "RUN --device=\(device): the step runs without it: \(reason)", line: instruction.lines.lowerBound))
        }
    }
}
