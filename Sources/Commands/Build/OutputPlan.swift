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
    private let tags: [Reference]
    /// What the user should know of the flags.
    var remarks: [String] { outputs.flatMap(\.remarks) }
    /// Whether nobody will find the result but by building again.
    let keepsResultNameless: Bool
    /// Annotations for the list that several builds make together.
    private(set) var listAnnotations: [String: String] = [:]

    /// - Parameter isTerminal: whether standard output is one, which gets no archives.
    /// - Throws: ``CommandError``, ``OCIError``.
    init(_ options: OutputOptions, tags: [Reference], isTerminal: Bool = isatty(STDOUT_FILENO) != 0) throws {
        self.tags = tags
        outputs = try options.outputs.map { try OutputOption(parsing: $0) }
        if options.push || options.fanIn.pushesByDigest { Self.push(&outputs, byDigest: options.fanIn.pushesByDigest) }
        if options.load, !outputs.contains(where: { $0.destination == .daemon }) {
            outputs.append(OutputOption(.daemon, mediaTypes: .docker))
        }
        keepsResultNameless = outputs.isEmpty && tags.isEmpty
        if outputs.isEmpty { outputs.append(OutputOption(.store(.omitted))) }
        var annotations = ImageAnnotations()
        for text in options.annotations { try annotations.add(option: text) }
        if !annotations.isEmpty {
            for place in outputs.indices where outputs[place].destination.isImage {
                outputs[place].form.annotations.merge(annotations)
                try outputs[place].checkMediaTypes("--annotation")
            }
        }
        if options.fanIn.resultFile != nil { try prepareFanIn() }
        let streams = outputs.filter(\.isStandardOutput).count
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
        Set(try outputs.filter(\.allowsInsecureRegistry).flatMap { try names(of: $0).map(\.registry) })
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
            for name in try self.names(of: output) where !names.contains(name) { names.append(name) }
        }
        return names
    }

    /// What is said of the index belongs to the list that comes of all results, which this build does not make.
    private mutating func prepareFanIn() throws {
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

    private func names(of output: OutputOption) throws -> [Reference] {
        try output.names.isEmpty ? tags : output.names.map { try Reference($0) }
    }

    /// Makes the exporters.
    ///
    /// - Throws: ``CommandError``, ``OCIError``.
    func exporters(
        for request: BuildRequest, store: Store, client: RegistryClient, _ environment: Environment
    ) throws -> [any Exporter] {
        let localNames = Set(try outputs.filter(\.destination.isStore).flatMap { try names(of: $0) })
        return try outputs.map { output in
            let names = try names(of: output)
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
                        destination: environment.absolute(path), form: .directory, store: store, tags: names, as: form)
                }
                return OCILayoutExporter(archive: place(path, environment), store: store, tags: names, as: form)
            case .oci(nil, _): return OCILayoutExporter(archive: .standardOutput, store: store, tags: names, as: form)
            case .dockerArchive(let path):
                guard request.platforms.count == 1 else { throw DockerArchiveExporter.severalPlatforms }
                return DockerArchiveExporter(
                    destination: place(path, environment), store: store, tags: names, as: form)
            case .daemon:
                return DaemonExporter(
                    daemons: DaemonEndpoint.candidates(environment.variables), store: store, tags: names, as: form,
                    platforms: request.platforms)
            case .registry(let naming):
                let targets = try pushTargets(names, naming)
                return RegistryExporter(
                    client: client, store: store, tags: targets, form: form, naming: naming,
                    localNames: localNames)
            case .store(let canonical):
                return StoreExporter(store: store, tags: names, form: form, canonicalNames: canonical)
            case .cacheOnly: return CacheOnlyExporter()
            }
        }
    }

    private func place(_ path: String?, _ environment: Environment) -> OutputPlace {
        path.map { .file(following: environment.absolute($0)) } ?? .standardOutput
    }

    private func pushTargets(_ names: [Reference], _ naming: RegistryExporter.Naming) throws -> [Reference] {
        guard !names.isEmpty else {
            throw CommandError(
                "there is no name to push to", remedy: "give one with --tag, as in --tag registry.example/me/app:1.0")
        }
        if let name = names.first(where: { $0.digest != nil }) {
            throw CommandError(
                "\(name.familiar): a name to push to cannot have a digest", remedy: "leave out what follows the @")
        }
        return names
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
