// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import Dockerfile
import OCI

/// The instructions that change an image's config and nothing else.
extension StagePlanner {
    mutating func applyMetadata(_ instruction: Instruction) throws {
        switch instruction.kind {
        case .argument(let declarations): declare(declarations)
        case .environment(let pairs): setEnvironment(pairs)
        case .label(let pairs):
            var labels = state.config.labels ?? [:]
            for pair in pairs { labels[pair.name] = pair.value }
            state.config.labels = labels
            state.note(HistoryText.pairs("LABEL", pairs))
        case .command(let form):
            let arguments = form.arguments(shell: state.shell)
            state.config.cmd = arguments
            state.config.argsEscaped = true
            state.setsCommand = true
            state.note(HistoryText.quotedList("CMD", arguments))
        case .entrypoint(let form):
            let arguments = form.arguments(shell: state.shell)
            state.config.entrypoint = arguments
            if !state.setsCommand { state.config.cmd = nil }
            state.note(HistoryText.quotedList("ENTRYPOINT", arguments))
        case .shell(let words):
            state.config.shell = words
            state.note(HistoryText.list("SHELL", words))
        case .user(let user):
            state.config.user = user
            state.note("USER \(user)")
        case .volume(let volumes):
            var set = state.config.volumes ?? [:]
            for volume in volumes { set[volume] = ContainerConfig.Empty() }
            state.config.volumes = set
            state.note(HistoryText.list("VOLUME", volumes))
        case .expose(let ports): try expose(ports, at: instruction)
        case .stopSignal(let signal):
            state.config.stopSignal = signal
            state.note("STOPSIGNAL \(signal)")
        case .healthcheck(let check):
            state.config.healthcheck = check.config
            state.note(HistoryText.healthcheck(check.config))
        case .maintainer(let name):
            state.author = name
            state.note("MAINTAINER \(name)")
        case .onBuild(let trigger):
            state.config.onBuild = (state.config.onBuild ?? []) + [trigger.text]
        case .run, .copy, .add, .workingDirectory:
            throw instruction.error("\(instruction.keyword) makes a layer")
        }
    }

    private mutating func declare(_ declarations: [ArgumentDeclaration]) {
        for declaration in declarations {
            let name = declaration.name
            let value =
                request.buildArguments[name] ?? declaration.defaultValue ?? resolver.scope.variables[name]
            if let value { state.variables[name] = value }
            if let index = state.arguments.firstIndex(where: { $0.name == name }) {
                state.arguments[index].value = value
            } else {
                state.arguments.append((name, value))
            }
        }
        state.note(HistoryText.arguments(declarations))
    }

    private mutating func setEnvironment(_ pairs: [NameValue]) {
        var environment = Variables(lines: state.config.env ?? [])
        for pair in pairs {
            environment[pair.name] = pair.value
            state.variables[pair.name] = pair.value
        }
        state.config.env = environment.lines
        state.note(HistoryText.pairs("ENV", pairs))
    }

    /// Ports as `port/protocol`; a range is every port in it.
    private mutating func expose(_ ports: [String], at instruction: Instruction) throws {
        var set = state.config.exposedPorts ?? [:]
        var added: [String] = []
        for text in ports {
            // The host's part of docker run's notation means nothing in an image.
            let port = text.split(separator: ":").last.map(String.init) ?? text
            let parts = port.split(separator: "/", omittingEmptySubsequences: false)
            let transport = parts.count == 2 ? parts[1].lowercased() : "tcp"
            let bounds = (parts.first ?? "").split(separator: "-", omittingEmptySubsequences: false).map { UInt16($0) }
            guard parts.count <= 2, ["tcp", "udp", "sctp"].contains(transport), (1...2).contains(bounds.count),
                let first = bounds.first ?? nil, let last = bounds.last ?? nil, first <= last
            else { throw instruction.error("invalid containerPort: \(text)", culprit: text) }
            for number in first...last {
                let name = "\(number)/\(transport)"
                set[name] = ContainerConfig.Empty()
                added.append(name)
            }
        }
        state.config.exposedPorts = set
        state.note(HistoryText.list("EXPOSE", added))
    }
}
