// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import Build
import OCI

/// What the results are called, and where.
extension OutputPlan {
    /// The names of an output as they were given.
    func names(of output: OutputOption) throws -> ImageNames {
        try output.names.isEmpty ? tags : values.names(for: output.names, flag: "--output name=")
    }

    /// The names of an output where they are in the end, in groups of those that are published together or not at all:
    /// with --push-to each registry is for itself.
    func exportedNames(of output: OutputOption) throws -> [ImageNames] {
        guard case .registry = output.destination else { return [try names(of: output)] }
        let names = try pushNames(of: output)
        guard !pushTargets.isEmpty else { return [names] }
        return names.all.map(\.registry).withoutRepetitions.map { registry in
            names.map { $0.registry == registry ? [$0] : [] }
        }
    }

    /// The names under which an output is pushed.
    ///
    /// - Throws: ``CommandError`` when there are none, or such as nobody but Docker may push to; ``OCIError``.
    func pushNames(of output: OutputOption) throws -> ImageNames {
        var names = try names(of: output)
        if !pushTargets.isEmpty {
            names = try names.map { name in try pushTargets.map { try $0.name(for: name) }.withoutRepetitions }
        }
        guard !names.all.isEmpty else {
            throw CommandError(
                "there is no name to push to", remedy: "give one with --tag, as in --tag registry.example/me/app:1.0")
        }
        let texts = output.names.isEmpty ? tagTexts : output.names
        if let name = names.all.first(where: \.isOfDockerHubItself), !texts.contains(where: Self.saysLibrary) {
            throw CommandError(
                "\(name.familiar) would be pushed to \(name), where only Docker's own images are",
                remedy: "say whose it is, as in --tag NAME/\(name.familiar), or in which registry, as in --push-to "
                    + "registry.example/team")
        }
        return names
    }

    /// Whether somebody means Docker's own images by what they say.
    private static func saysLibrary(_ text: String) -> Bool {
        ["library/", "docker.io/library/"].contains { text.hasPrefix($0) }
    }

    /// What becomes of the build when pushing fails.
    var failureHandling: FailureHandling {
        mayPushFail ? .warns : pushTargets.isEmpty ? .endsBuild : .failsAtEnd
    }
}

extension Reference {
    /// Whether it is one of those that have no owner in their name on Docker Hub.
    fileprivate var isOfDockerHubItself: Bool { registry == Self.dockerHub && repository.hasPrefix("library/") }
}
