// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import Dockerfile
import OCI

/// The instructions that change an image's config and nothing else.
extension StagePlanner {
    mutating func applyMetadata(_ instruction: Instruction) throws {
        var instruction = instruction
        if case .argument(let declarations) = instruction.kind {
            // History and stage have the values that the ARGs end up with.
            let settled = declarations.map { self.settled($0) }
            declare(settled)
            instruction.kind = .argument(settled)
        }
        let createdBy = instruction.historyText(state.historyContext)
        defer { if let createdBy { state.history.append(.metadata(createdBy: createdBy)) } }
        switch instruction.kind {
        case .argument: break
        case .environment(let pairs): setEnvironment(pairs)
        case .label(let pairs):
            for pair in pairs { state.config.labels[orEmpty: [:]][pair.name] = pair.value }
        case .command(let form):
            let arguments = form.arguments(shell: state.shell)
            state.config.cmd = arguments
            state.config.argsEscaped = true
            state.setsCommand = true
        case .entrypoint(let form):
            let arguments = form.arguments(shell: state.shell)
            state.config.entrypoint = arguments
            if !state.setsCommand { state.config.cmd = nil }
        case .shell(let words):
            state.config.shell = words
        case .user(let user):
            state.config.user = user
        case .volume(let volumes):
            for volume in volumes { state.config.volumes[orEmpty: [:]][volume] = ContainerConfig.Empty() }
        case .expose(let words):
            let ports: [String]
            do { ports = try ExposedPorts.parse(words) } catch { throw error.at(instruction.lines) }
            for port in ports { state.config.exposedPorts[orEmpty: [:]][port] = ContainerConfig.Empty() }
        case .stopSignal(let signal):
            state.config.stopSignal = signal
        case .healthcheck(let check):
            state.config.healthcheck = check.config
        case .maintainer(let name):
            state.author = name
        case .onBuild(let trigger):
            state.config.onBuild[orEmpty: []].append(trigger.text)
        case .run, .copy, .add, .workingDirectory:
            throw instruction.error("\(instruction.keyword) makes a layer")
        }
    }

    private mutating func declare(_ declarations: [ArgumentDeclaration]) {
        for declaration in declarations {
            let name = declaration.name
            if let value = declaration.defaultValue, !PredefinedArguments.isHiddenFromCommands(name) {
                state.variables[name] = value
            }
            state.arguments[name] = state.variables[name] ?? declaration.defaultValue ?? ""
        }
    }

    private func settled(_ declaration: ArgumentDeclaration) -> ArgumentDeclaration {
        var settled = declaration
        settled.defaultValue =
            request.buildArguments[declaration.name] ?? declaration.defaultValue
            ?? resolver.scope.variables[declaration.name]
        return settled
    }

    private mutating func setEnvironment(_ pairs: [NameValue]) {
        for pair in pairs {
            state.environment[pair.name] = pair.value
            state.variables[pair.name] = pair.value
            if state.arguments[pair.name] != nil { state.arguments[pair.name] = pair.value }
        }
    }
}

extension Optional {
    /// The value, or `empty` in its place; what is there is changed where it is, not copied.
    fileprivate subscript(orEmpty empty: Wrapped) -> Wrapped {
        get { self ?? empty }
        _modify {
            var value = self ?? empty
            self = nil
            defer { self = value }
            yield &value
        }
    }
}
