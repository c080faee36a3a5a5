// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import ArgumentParser
import OCI

/// The flags of `manifold build` that say whether, where and how surely the result is pushed.
struct PushOptions: ParsableArguments {
    @Flag(name: .customLong("push"), help: "Publish the result under its tags; short for --output type=registry.")
    var always = false

    @Flag(
        name: .customLong("push-auto"),
        help: "Publish it where $CI is set, as continuous integration does; also written --push=auto.")
    var inAutomation = false

    @Option(
        name: .customLong("push-to"),
        help: ArgumentHelp(
            "Publish it in these registries instead of those that the tags say, separated by commas; may be repeated.",
            discussion: """
                Each gets every tag: with registry.example/team the tag app:1 is registry.example/team/app:1, and with \
                other.example the tag me/app:1 is other.example/me/app:1. A registry that fails does not keep the \
                others from getting the result; the build fails in the end.
                """,
            valueName: "registry[/prefix]"))
    var places: [String] = []

    @Flag(
        name: .customLong("allow-push-failure"),
        help: "Let the build succeed when pushing fails, with a warning. Default: it fails.")
    var mayFail = false

    @OptionGroup var naming: NamingOptions

    /// Whether the result is pushed.
    func isWanted(in environment: Environment) -> Bool {
        always || (inAutomation ? Self.isAutomation(environment) : !places.isEmpty)
    }

    /// What was chosen where the environment chose.
    func remarks(in environment: Environment) -> [String] {
        guard inAutomation, !always else { return [] }
        return Self.isAutomation(environment)
            ? ["--push=auto: $CI is set, so the result is pushed"]
            : ["--push=auto: $CI is not set, so nothing is pushed"]
    }

    /// The registries of --push-to.
    ///
    /// - Throws: ``CommandError``.
    func targets() throws -> [PushTarget] {
        try places.flatMap { $0.split(separator: ",", omittingEmptySubsequences: false).map(String.init) }
            .map { try PushTarget($0) }
    }

    /// Continuous integration says so with CI=true; who wants none of it says CI=false.
    private static func isAutomation(_ environment: Environment) -> Bool {
        guard let value = environment["CI"] else { return false }
        return !["false", "0", "no"].contains(value.lowercased())
    }
}

/// A registry, and a path in it, in which everything that is pushed gets its name.
struct PushTarget: Hashable {
    let registry: String
    private let prefix: String

    /// Reads what `--push-to` says.
    ///
    /// - Throws: ``CommandError``.
    init(_ text: String) throws {
        let remedy = "write it as in --push-to registry.example/team"
        guard !text.contains("://") else {
            throw CommandError("--push-to \(text): a registry is named without http or https", remedy: remedy)
        }
        let path = text.hasSuffix("/") ? String(text.dropLast()) : text
        let parts = path.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
        let host = parts.first ?? ""
        guard host == "localhost" || host.contains(".") || host.contains(":"), !path.contains("@") else {
            throw CommandError("--push-to \(text): this does not begin with a registry", remedy: remedy)
        }
        let example: Reference
        do { example = try Reference(path + "/x/x") } catch {
            throw CommandError("--push-to \(text): \(error)", remedy: remedy)
        }
        registry = example.registry
        prefix = parts.count == 2 ? parts[1] : ""
    }

    /// What a name is in this registry.
    ///
    /// - Throws: ``OCIError``.
    func name(for name: Reference) throws(OCIError) -> Reference {
        var path = name.repository
        // Docker Hub's own folder belongs to a name as little as the Hub does.
        let hidden = "library/"
        let keepsFolder = registry == Reference.dockerHub && prefix.isEmpty
        if name.registry == Reference.dockerHub, path.hasPrefix(hidden), !keepsFolder {
            path = String(path.dropFirst(hidden.count))
        }
        let whole = prefix.isEmpty ? path : "\(prefix)/\(path)"
        // Once more by the grammar: together they may be too long.
        return try Reference("\(registry)/\(whole):\(name.tag ?? "latest")")
    }
}
