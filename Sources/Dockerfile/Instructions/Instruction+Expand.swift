// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

/// One instruction's expansion: every word of it sees the same variables, those set before it.
struct ExpansionPass {
    let expander: Expander
    let variables: Variables
    var usage = VariableUsage()

    mutating func callAsFunction(_ word: String) throws(DockerfileError) -> String {
        try expander.expand(word, with: variables, usage: &usage)
    }

    mutating func callAsFunction(_ word: String?) throws(DockerfileError) -> String? {
        guard let word else { return nil }
        let expanded: String = try self(word)
        return expanded
    }

    mutating func callAsFunction(_ words: [String]) throws(DockerfileError) -> [String] {
        var expanded: [String] = []
        for word in words { expanded.append(try self(word)) }
        return expanded
    }

    mutating func callAsFunction(_ pairs: [NameValue]) throws(DockerfileError) -> [NameValue] {
        var expanded: [NameValue] = []
        for pair in pairs { expanded.append(NameValue(name: try self(pair.name), value: try self(pair.value))) }
        return expanded
    }
}

extension Instruction {
    /// The instruction with variables replaced in every part of it where Dockerfiles have them.
    ///
    /// RUN, CMD, ENTRYPOINT and HEALTHCHECK commands, SHELL, `--exclude` and `COPY --from` stay as they are; ONBUILD
    /// is expanded when its trigger runs. All words see `variables` as they were before the instruction, so
    /// `ENV a=1 b=$a` uses the old `a`.
    ///
    /// - Throws: ``DockerfileError`` with the instruction's lines.
    public func expanded(
        with variables: Variables, by expander: Expander, usage: inout VariableUsage
    ) throws(DockerfileError) -> Instruction {
        var copy = self
        var pass = ExpansionPass(expander: expander, variables: variables)
        defer { usage.expandedLength += pass.usage.expandedLength }
        do throws(DockerfileError) {
            try copy.kind.expand(with: &pass)
        } catch {
            throw error.at(lines)
        }
        usage.met.formUnion(pass.usage.met)
        usage.unmet.formUnion(pass.usage.unmet)
        return copy
    }

    /// As ``expanded(with:by:usage:)``, for those who don't ask which variables were met.
    public func expanded(with variables: Variables, by expander: Expander) throws(DockerfileError) -> Instruction {
        var usage = VariableUsage()
        return try expanded(with: variables, by: expander, usage: &usage)
    }
}

extension ArgumentDeclaration {
    /// The declaration with variables in its name and default replaced. ARGs before the first FROM see each other one
    /// by one; those in a stage are expanded as a whole by ``Instruction/expanded(with:by:)``.
    public func expanded(
        with variables: Variables, by expander: Expander, usage: inout VariableUsage
    ) throws(DockerfileError) -> ArgumentDeclaration {
        var pass = ExpansionPass(expander: expander, variables: variables)
        var copy = self
        copy.name = try pass(name)
        copy.defaultValue = try pass(defaultValue)
        usage.merge(pass.usage)
        return copy
    }

    /// As ``expanded(with:by:usage:)``, for those who don't ask which variables were met.
    public func expanded(
        with variables: Variables, by expander: Expander
    ) throws(DockerfileError) -> ArgumentDeclaration {
        var usage = VariableUsage()
        return try expanded(with: variables, by: expander, usage: &usage)
    }
}

extension Instruction.Kind {
    fileprivate mutating func expand(with pass: inout ExpansionPass) throws(DockerfileError) {
        switch self {
        case .add(var add):
            try add.transfer.expand(with: &pass)
            add.checksum = try pass(add.checksum)
            self = .add(add)
        case .argument(var declarations):
            for index in declarations.indices {
                declarations[index].name = try pass(declarations[index].name)
                declarations[index].defaultValue = try pass(declarations[index].defaultValue)
            }
            self = .argument(declarations)
        case .copy(var copy):
            try copy.transfer.expand(with: &pass)
            self = .copy(copy)
        case .environment(let pairs):
            self = .environment(try pass(pairs))
        case .expose(let ports):
            var words: [String] = []
            for port in ports {
                words += try pass.expander.expandWords(port, with: pass.variables, usage: &pass.usage)
            }
            self = .expose(words)
        case .label(let pairs):
            self = .label(try pass(pairs))
        case .run(var run):
            run.mounts = []
            for text in run.mountTexts {
                var usage = VariableUsage()
                let mount = try RunMount(text) { value throws(DockerfileError) in
                    try pass.expander.expand(value, with: pass.variables, usage: &usage)
                }
                pass.usage.merge(usage)
                run.mounts.append(mount)
            }
            self = .run(run)
        case .stopSignal(let signal):
            self = .stopSignal(try Signals.checked(try pass(signal)))
        case .user(let user):
            self = .user(try pass(user))
        case .volume(let volumes):
            let expanded = try pass(volumes)
            guard !expanded.contains("") else {
                throw DockerfileError("VOLUME specified can not be an empty string")
            }
            self = .volume(expanded)
        case .workingDirectory(let path):
            self = .workingDirectory(try pass(path))
        case .command, .entrypoint, .healthcheck, .maintainer, .onBuild, .shell:
            break
        }
    }
}

extension Transfer {
    fileprivate mutating func expand(with pass: inout ExpansionPass) throws(DockerfileError) {
        chown = try pass(chown)
        chmod = try pass(chmod)
        sources = try pass(sources)
        destination = try pass(destination)
        for index in inlineFiles.indices where inlineFiles[index].expands {
            inlineFiles[index].content = try Expander.heredoc.expand(
                inlineFiles[index].content, with: pass.variables, usage: &pass.usage)
        }
        _ = try modeChange()
    }
}
