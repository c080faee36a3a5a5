// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import Dockerfile
import OCI
import Sandbox

/// Plans the instructions of one stage for one target platform.
struct StagePlanner {
    let stage: Stage
    let resolver: NameResolver
    let request: BuildRequest
    var state: StageState
    /// The number of the step that was planned last; FROM is the first.
    var stepNumber = 1
    var stepCount = 1

    init(stage: Stage, resolver: NameResolver, request: BuildRequest, state: StageState) {
        self.stage = stage
        self.resolver = resolver
        self.request = request
        self.state = state
    }

    // MARK: Steps

    func operation(for run: Run, at instruction: Instruction) throws -> RunOperation {
        let line = instruction.lines.lowerBound
        if run.security != .sandbox {
            throw BuildError.unsupported(line: line, what: "RUN --security=\(run.security.rawValue)")
        }
        if !run.devices.isEmpty { throw BuildError.unsupported(line: line, what: "RUN --device") }
        var scripts: [InlineFile] = []
        if case .script(let name, let content) = run.command { scripts = [InlineFile(name: name, content: content)] }
        let network: NetworkMode =
            switch run.network {
            case .default: request.network
            case .none: .none
            case .host: .host
            }
        return RunOperation(
            arguments: run.command.arguments(shell: state.shell), environment: state.variables.lines,
            workingDirectory: state.workingDirectory, user: state.config.user ?? "", network: network,
            platform: state.platform, scripts: scripts, proxies: proxies,
            mounts: try mounts(of: run, at: instruction))
    }

    func operation(for copy: Copy, at instruction: Instruction) throws -> CopyOperation {
        for source in copy.transfer.sources where Self.isRemote(source) {
            throw instruction.error("source can't be a URL for COPY", culprit: source)
        }
        var operation = try operation(for: copy.transfer, at: instruction)
        operation.parents = copy.parents ? .kept : .dropped
        return operation
    }

    func operation(for add: Add, at instruction: Instruction) throws -> CopyOperation {
        let line = instruction.lines.lowerBound
        for source in add.transfer.sources where Self.isRemote(source) {
            throw BuildError.unsupported(line: line, what: "ADD of a URL or a git repository")
        }
        if add.checksum != nil { throw BuildError.unsupported(line: line, what: "ADD --checksum") }
        if add.keepGitDirectory != nil { throw BuildError.unsupported(line: line, what: "ADD --keep-git-dir") }
        if add.unpack == true { throw BuildError.unsupported(line: line, what: "ADD --unpack") }
        var operation = try operation(for: add.transfer, at: instruction)
        operation.unpacksArchives = add.unpack == nil
        return operation
    }

    private func operation(for transfer: Transfer, at instruction: Instruction) throws -> CopyOperation {
        let mode: ModeChange?
        do { mode = try transfer.modeChange() } catch { throw error.at(instruction.lines) }
        var destination = Paths.resolve(transfer.destination, against: state.workingDirectory)
        let namesDirectory =
            transfer.destination.hasSuffix("/") || transfer.destination.hasSuffix("/.") || transfer.destination == "."
        if namesDirectory && !destination.hasSuffix("/") { destination += "/" }
        return CopyOperation(
            keyword: instruction.keyword, sources: transfer.sources,
            files: transfer.inlineFiles.map { InlineFile(name: $0.name, content: $0.content) },
            destination: destination, owner: transfer.chown.flatMap { $0.isEmpty ? nil : $0 }, mode: mode,
            excludes: transfer.excludes, isIndependent: transfer.link)
    }

    private static func isRemote(_ source: String) -> Bool {
        ["http://", "https://", "git://", "ssh://", "git@"].contains { source.hasPrefix($0) }
    }

    /// Changes the working directory and says what has to be made.
    mutating func changeDirectory(to path: String) -> WorkdirOperation {
        let absolute = Paths.resolve(path, against: state.workingDirectory)
        state.config.workingDir = absolute
        return WorkdirOperation(path: absolute, user: state.config.user ?? "")
    }

    /// Proxies are known to every RUN without ARG, in both spellings, and are no part of what it is.
    private var proxies: [String] {
        let names: Set = ["HTTP_PROXY", "HTTPS_PROXY", "FTP_PROXY", "NO_PROXY", "ALL_PROXY"]
        return request.buildArguments.sorted { $0.key < $1.key }.flatMap { name, value in
            let upper = name.uppercased()
            return names.contains(upper) && state.variables[name] == nil
                ? ["\(upper)=\(value)", "\(upper.lowercased())=\(value)"] : []
        }
    }
}
