// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import Build
import OCI
import Registry
import Store
import SystemPackage

/// From the text of flags to the values that a build wants.
extension BuildOptions {
    /// What the placeholders of names stand for.
    ///
    /// - Throws: ``CommandError``, ``OCIError``.
    func nameValues(for outputs: [OutputOption], in environment: Environment) async throws -> NameValues {
        let time = buildArguments.last { $0.hasPrefix("SOURCE_DATE_EPOCH=") }?.split(separator: "=").last.map(
            String.init)
        return try await NameValues(
            for: output.tags + outputs.flatMap(\.names), platforms: try platformList(),
            directory: environment.absolute(input.context),
            time: (time ?? environment["SOURCE_DATE_EPOCH"]).flatMap { Int64($0) }, in: environment)
    }

    /// What is to be built, with its contexts brought here.
    ///
    /// - Parameter agents: the sockets of agents that were started for this build, by their ids.
    /// - Throws: ``CommandError``, ``OCIError``, ``ContextError``, ``RemoteError``.
    func request(
        in environment: Environment, store: Store, agents: [String: FilePath] = [:],
        events: EventRelay
    ) async throws -> BuildRequest {
        try await request(in: environment) { request in
            request.secrets.agents.merge(agents) { _, new in new }
            let loader = ContextLoader(
                store: store, environment: environment.variables, secrets: request.secrets, events: events)
            // BuildKit's own argument for it; the address itself may say so, too.
            let keepsGitDirectory = request.buildArguments["BUILDKIT_CONTEXT_KEEP_GIT_DIR"].map {
                ["1", "t", "true"].contains($0.lowercased())
            }
            let (contexts, context) = try await loader.loading {
                try await (
                    input.namedContexts(loader, in: environment),
                    input.load(loader, keepsGitDirectory: keepsGitDirectory, in: environment)
                )
            }
            request.contexts = contexts
            return context
        }
    }

    /// What is to be built.
    ///
    /// - Parameter load: brings the context here, once all flags have been understood.
    /// - Throws: ``CommandError``, ``OCIError``, and what `load` throws.
    private func request(
        in environment: Environment, load: (inout BuildRequest) async throws -> LoadedContext
    ) async throws -> BuildRequest {
        var request = BuildRequest(context: environment.workingDirectory, platforms: try platformList())
        request.buildArguments = try pairs(buildArguments, flag: "--build-arg") { environment.variables[$0] }
        // As a build argument it is there for who declares it.
        if let epoch = environment["SOURCE_DATE_EPOCH"], request.buildArguments["SOURCE_DATE_EPOCH"] == nil {
            request.buildArguments["SOURCE_DATE_EPOCH"] = epoch
        }
        request.baseRules = try input.baseRules()
        request.labels = try pairs(output.labels, flag: "--label") { _ in "" }
        request.target = target
        request.cachePolicy = noCache ? .refresh : .use
        request.uncachedStages = uncachedStages.flatMap { $0.split(separator: ",").map(String.init) }
        request.network = try run.networkMode()
        request.runSettings = try run.settings()
        request.audit = try audit.policy()
        request.secrets = try BuildSecrets(
            secrets: run.secrets, agents: run.agentOptions(in: environment), in: environment)
        request.tests = try testing.tests()
        try schedule.apply(to: &request, optional: try Self.platforms(schedule.optionalPlatforms), in: environment)
        request.products = products(in: environment)
        let loaded = try await load(&request)
        request.use(loaded)
        request.epoch = try await SourceEpoch.chosen(
            request.buildArguments["SOURCE_DATE_EPOCH"], context: loaded)
        return request
    }

    /// The files that the build writes for its user. What type=local writes is not among them: it may be sources, which
    /// the next build reads.
    private func products(in environment: Environment) -> [FilePath] {
        let outputs = output.outputs.compactMap { text -> String? in
            guard var output = try? AttributeList(text, flag: "--output", example: ""), output.take("type") != "local"
            else { return nil }
            return output.take("dest")
        }
        return (outputs + [output.digestFile, output.metadataFile, output.fanIn.resultFile].compactMap(\.self))
            .filter { !["", "-"].contains($0) }.map { environment.absolute($0) }
    }

    /// How words of `--platform` that mean several platforms were read.
    ///
    /// - Throws: ``OCIError``.
    func platformRemarks() throws -> [String] {
        var seen: Set<String> = []
        return try Self.words(platforms + schedule.optionalPlatforms).filter { $0 != "local" }.compactMap {
            try AskedPlatform($0).note
        }
        .filter { seen.insert($0).inserted }
    }

    /// All platforms, those of `--platform` first.
    private func platformList() throws -> [Platform] {
        let required = try Self.platforms(platforms)
        let optional = try Self.platforms(schedule.optionalPlatforms)
        return ((required.isEmpty ? [.host] : required) + optional).withoutRepetitions
    }

    private static func words(_ lists: [String]) -> [String] {
        lists.flatMap { $0.split(separator: ",", omittingEmptySubsequences: false) }.map { String($0).trimmingBlanks }
    }

    /// The platforms that flags name, each list separated by commas.
    private static func platforms(_ lists: [String]) throws -> [Platform] {
        var list: [Platform] = []
        for word in words(lists) {
            let platform = word == "local" ? Platform.host : try AskedPlatform(word).platform
            guard platform.os == "linux" else {
                throw CommandError("platform \(platform): only images for linux can be built")
            }
            if !list.contains(platform) { list.append(platform) }
        }
        return list
    }

    /// `NAME=VALUE` words; the last of equal names wins.
    private func pairs(_ words: [String], flag: String, default: (String) -> String?) throws -> [String: String] {
        var pairs: [String: String] = [:]
        for word in words {
            let parts = word.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
            guard let name = parts.first, !name.isEmpty else {
                throw CommandError("\(flag) \(word): the name is missing", remedy: "write it as \(flag) NAME=VALUE")
            }
            if let value = parts.count == 2 ? parts[1] : `default`(name) { pairs[name] = value }
        }
        return pairs
    }
}

extension String {
    fileprivate var trimmingBlanks: String {
        String(drop { $0 == " " }.reversed().drop { $0 == " " }.reversed())
    }
}
