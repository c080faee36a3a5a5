// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import Build
import Glibc
import Images
import OCI
import Registry
import Store
import SystemPackage

/// From the text of flags to the exporters that a build wants.
struct OutputPlan {
    private(set) var outputs: [OutputOption]
    /// The names of --tag.
    let tags: ImageNames
    /// What the user should know of the flags.
    var remarks: [String] { outputs.flatMap(\.remarks) + pushRemarks }
    private let pushRemarks: [String]
    let values: NameValues
    /// Where everything is pushed to instead of where its name says.
    let pushTargets: [PushTarget]
    let mayPushFail: Bool
    let tagTexts: [String]
    /// Whether nobody will find the result but by building again.
    let keepsResultNameless: Bool
    /// Annotations for the list that several builds make together.
    private(set) var listAnnotations: [String: String] = [:]

    /// - Parameters:
    ///   - outputs: what --output says.
    ///   - values: what stands for the placeholders of names.
    ///   - isTerminal: whether standard output is one, which gets no archives.
    /// - Throws: ``CommandError``, ``OCIError``.
    init(
        _ options: OutputOptions, _ outputs: [OutputOption], _ values: NameValues, in environment: Environment,
        isTerminal: Bool = isatty(STDOUT_FILENO) != 0
    ) throws {
        self.values = values
        tagTexts = options.tags
        tags = try values.names(for: options.tags, flag: "--tag")
        self.outputs = outputs
        pushRemarks = options.push.remarks(in: environment)
        pushTargets = try options.push.targets()
        mayPushFail = options.push.mayFail
        if options.push.isWanted(in: environment) || options.fanIn.pushesByDigest {
            Self.push(&self.outputs, byDigest: options.fanIn.pushesByDigest)
        }
        if options.load, !self.outputs.contains(where: { $0.destination == .daemon }) {
            self.outputs.append(OutputOption(.daemon, mediaTypes: .docker))
        }
        keepsResultNameless = self.outputs.isEmpty && tags.all.isEmpty
        if self.outputs.isEmpty { self.outputs.append(OutputOption(.store(.omitted))) }
        var annotations = ImageAnnotations()
        for text in options.annotations { try annotations.add(option: text) }
        if !annotations.isEmpty {
            for place in self.outputs.indices where self.outputs[place].destination.isImage {
                self.outputs[place].form.annotations.merge(annotations)
                try self.outputs[place].checkMediaTypes("--annotation")
            }
        }
        for output in self.outputs {
            guard case .registry = output.destination else { continue }
            _ = try pushNames(of: output)
            try options.push.naming.naming.check(values.platforms, title: "the result")
        }
        if options.fanIn.resultFile != nil { try prepareFanIn() }
        let streams = self.outputs.filter(\.isStandardOutput).count
        if streams > 1 {
            throw CommandError("two outputs go to standard output", remedy: "name a file for all but one")
        }
        if streams == 1, isTerminal {
            throw CommandError(
                "an archive is not written to a terminal", remedy: "name a file with dest=FILE, or redirect the output")
        }
    }

    /// Whether standard output is taken.
    var usesStandardOutput: Bool { outputs.contains(where: \.isStandardOutput) }

    /// Whether one image is loaded into a daemon or written for one, whose name for it is the config's digest.
    var identifiesByConfig: Bool {
        outputs.allSatisfy { output in
            switch output.destination {
            case .daemon, .dockerArchive: true
            default: false
            }
        }
    }

    /// The registries that may be spoken to without security.
    func insecureRegistries() throws -> Set<String> {
        Set(
            try outputs.filter(\.allowsInsecureRegistry).flatMap { output in
                try exportedNames(of: output).flatMap(\.all).map(\.registry)
            })
    }

    /// `--push` makes images that are kept be pushed; where none are, it is one more output.
    private static func push(_ outputs: inout [OutputOption], byDigest: Bool) {
        var isUsed = false
        for place in outputs.indices {
            switch outputs[place].destination {
            case .store(let names):
                outputs[place].destination = .registry(
                    byDigest ? .digests : names == .made ? .tagsAndDigests : .tags)
                isUsed = true
            case .registry:
                if byDigest { outputs[place].destination = .registry(.digests) }
                isUsed = true
            default: break
            }
        }
        if !isUsed { outputs.append(OutputOption(.registry(byDigest ? .digests : .tags))) }
    }

    /// The names under which the result is pushed, with the tags also where none is moved.
    func pushedNames() throws -> [Reference] {
        var names: [Reference] = []
        for output in outputs {
            guard case .registry = output.destination else { continue }
            for name in try pushNames(of: output).all where !names.contains(name) { names.append(name) }
        }
        return names
    }

    /// What is said of the index belongs to the list that comes of all results, which this build does not make.
    private mutating func prepareFanIn() throws {
        guard !mayPushFail else {
            throw CommandError(
                "--result tells what was pushed, which --allow-push-failure makes uncertain",
                remedy: "leave out one of the two")
        }
        guard try !pushedNames().isEmpty else {
            throw CommandError(
                "--result tells what was pushed, and nothing is pushed under a name",
                remedy: "add --push-by-digest and a name, as in --tag registry.example/me/app:1.0")
        }
        for place in outputs.indices {
            guard case .registry(.digests) = outputs[place].destination else { continue }
            listAnnotations.merge(outputs[place].form.annotations.take(.index)) { $1 }
        }
    }

    /// Makes the exporters.
    ///
    /// - Throws: ``CommandError``, ``OCIError``.
    func exporters(
        for request: BuildRequest, store: Store, client: RegistryClient, _ environment: Environment
    ) throws -> [any Exporter] {
        let localNames = Set(try outputs.filter(\.destination.isStore).flatMap { try names(of: $0).all })
        return try outputs.flatMap { output in
            try exportedNames(of: output).map { names in
                try exporter(
                    output, names, localNames: localNames, for: request, store: store, client: client, environment)
            }
        }
    }

    private func exporter(
        _ output: OutputOption, _ names: ImageNames, localNames: Set<Reference>, for request: BuildRequest,
        store: Store, client: RegistryClient, _ environment: Environment
    ) throws -> any Exporter {
        let form = output.form
        switch output.destination {
        case .local(let path, let mode):
            return LocalExporter(
                destination: environment.absolute(path), mode: mode, splitsPlatforms: output.splitsPlatforms,
                sparing: [request.context, store.root, environment.workingDirectory])
        case .tar(let path):
            return TarExporter(
                destination: place(path, environment), splitsPlatforms: output.splitsPlatforms, store: store)
        case .oci(let path?, let asTar):
            let isDirectory = path.hasSuffix("/") || Files.isDirectory(environment.absolute(path))
            guard asTar ?? !isDirectory else {
                return OCILayoutExporter(
                    destination: environment.absolute(path), form: .directory, store: store, names: names, as: form)
            }
            return OCILayoutExporter(archive: place(path, environment), store: store, names: names, as: form)
        case .oci(nil, _): return OCILayoutExporter(archive: .standardOutput, store: store, names: names, as: form)
        case .dockerArchive(let path):
            guard request.platforms.count == 1 else { throw DockerArchiveExporter.severalPlatforms }
            return DockerArchiveExporter(
                destination: place(path, environment), store: store, names: names, as: form)
        case .daemon:
            return DaemonExporter(
                daemons: DaemonEndpoint.candidates(environment.variables), store: store, names: names, as: form,
                platforms: request.platforms)
        case .registry(let naming):
            return RegistryExporter(
                client: client, store: store, names: names, form: form, naming: naming,
                localNames: localNames, failureHandling: failureHandling)
        case .store(let canonical):
            return StoreExporter(store: store, names: names, form: form, canonicalNames: canonical)
        case .cacheOnly: return CacheOnlyExporter()
        }
    }

    private func place(_ path: String?, _ environment: Environment) -> OutputPlace {
        path.map { .file(following: environment.absolute($0)) } ?? .standardOutput
    }
}

extension OutputOption.Destination {
    /// Whether the store keeps the images under their names.
    fileprivate var isStore: Bool { if case .store = self { true } else { false } }

    /// Whether there are manifests that annotations can be in.
    fileprivate var isImage: Bool {
        switch self {
        case .local, .tar, .cacheOnly: false
        default: true
        }
    }
}
