// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import ArgumentParser
import HTTP
import OCI
import Registry

/// `manifold login`
struct LoginCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "login",
        abstract: "Check a user name and a password with a registry, and keep them.",
        discussion: """
            They are kept where docker login keeps them, and docker and podman find them there: with the credential \
            helper that config.json names (credHelpers, credsStore), else in the file itself, which then only its \
            owner may read. Where the registry gives a token in place of the password, the token is kept.

            Examples:
              echo "$TOKEN" | manifold login registry.example -u jane --password-stdin
              manifold login
            """)

    @Argument(
        help: ArgumentHelp(
            "The registry, as in registry.example:5000; with /TEAM for some of its repositories. Default: docker.io.",
            valueName: "registry"))
    var registry: String?

    @Option(
        name: [.customShort("u", allowingJoined: true), .customLong("username")],
        help: ArgumentHelp("The user's name. Default: $DOCKER_USERNAME, else it is asked for.", valueName: "name"))
    var username: String?

    @Flag(
        name: .customLong("password-stdin"),
        help:
            "Read the password or access token from standard input. Without it: $DOCKER_PASSWORD, else it is asked for."
    )
    var readsPassword = false

    @Option(name: [.customShort("p", allowingJoined: true), .customLong("password")], help: .hidden)
    var refusedPassword: String?

    @Flag(name: .customLong("get-login"), help: "Only print the name of the user whose credentials are kept.")
    var asksForLogin = false

    @OptionGroup(title: "Registry options") var options: RegistryOptions

    func run() async throws {
        try await CommandOutput.reporting { try await login() }
    }

    private func login() async throws {
        if refusedPassword != nil {
            throw CommandError(
                "a password on the command line is refused: everybody on this machine can read it there (ps), and the "
                    + "shell's history keeps it",
                remedy: "pipe it in: echo \"$PASSWORD\" | manifold login -u USER --password-stdin REGISTRY")
        }
        let target = try LoginTarget(registry)
        let environment = options.environment(.current())
        let stored = StoredCredentials(environment: environment.variables)
        if asksForLogin { return try await printLogin(target, stored) }
        let (credential, source) = try await credential(for: target, stored, environment)
        let recognition = try await verify(credential, source, target, environment)
        if !recognition.wasAsked {
            CommandOutput.note("note: \(target.registry) asks nobody who they are, so nothing could be checked")
        }
        if source == .kept {
            return try CommandOutput.result("logged in to \(target.title) with the credentials that are kept")
        }
        let place = try await stored.store(recognition.identityToken ?? credential, for: target.key)
        try CommandOutput.result("logged in to \(target.title)\(credential.owner)")
        let what = recognition.identityToken == nil ? "the credentials are" : "a token in place of the password is"
        CommandOutput.note(
            "\(what) kept in \(place)\(place.contains("/") ? ", not encrypted, for its owner alone" : "")")
        try await remarks(target, stored, recognition.identityToken ?? credential)
    }

    private func printLogin(_ target: LoginTarget, _ stored: StoredCredentials) async throws {
        switch try await stored.credential(for: target.registry, repository: target.scope) {
        case .password(let name, _): try CommandOutput.result(name)
        case .identityToken: try CommandOutput.result("<token>")
        case nil: throw CommandError("nobody is logged in to \(target.title)", remedy: "log in with manifold login")
        }
    }

    /// Where credentials were found.
    private enum Source { case given, kept }

    private func credential(
        for target: LoginTarget, _ stored: StoredCredentials, _ environment: Environment
    ) async throws -> (Credential, Source) {
        // An empty name is a variable of a script that is not set.
        if username?.isEmpty == true {
            throw CommandError("the user name is empty", remedy: "give it with -u USER; is a variable not set?")
        }
        if readsPassword {
            guard let username = username ?? environment["DOCKER_USERNAME"] else {
                throw CommandError("--password-stdin needs a user name", remedy: "give it with -u USER")
            }
            return (try Self.password(username, PasswordInput.standardInput()), .given)
        }
        if let name = environment["DOCKER_USERNAME"], let password = environment["DOCKER_PASSWORD"],
            username == nil || username == name
        {
            return (try Self.password(name, PasswordInput.password(Array(password.utf8))), .given)
        }
        if username == nil,
            let kept = try await stored.credential(for: target.registry, repository: target.scope)
        {
            return (kept, .kept)
        }
        guard let name = try username ?? PasswordInput.ask("User name for \(target.title): ", .shown).map(Self.name),
            let typed = try PasswordInput.ask("Password for \(name) at \(target.title): ", .hidden)
        else {
            throw CommandError(
                "there is no terminal to ask for the \(username == nil ? "user name and the " : "")password",
                remedy: "pipe the password in: … | manifold login -u USER --password-stdin \(target.key)")
        }
        return (try Self.password(name, PasswordInput.password(typed)), .given)
    }

    private static func name(_ bytes: [UInt8]) throws -> String {
        let name = String(decoding: bytes.filter { $0 > 32 }, as: UTF8.self)
        guard !name.isEmpty else { throw CommandError("the user name is empty", remedy: "give it with -u USER") }
        return name
    }

    /// `<token>` is what the helpers' protocol calls the owner of an identity token.
    private static func password(_ name: String, _ secret: Secret) throws -> Credential {
        if name == "<token>" { return .identityToken(secret) }
        guard !name.contains(":") else {
            throw CommandError(
                "a user name with a colon cannot be shown to a registry (RFC 7617)", remedy: "look at what -u is given")
        }
        return .password(username: name, secret)
    }

    /// Shows the credential to the registry.
    private func verify(
        _ credential: Credential, _ source: Source, _ target: LoginTarget, _ environment: Environment
    ) async throws -> Recognition {
        var configuration = options.configuration(for: [target.registry], in: environment)
        configuration.asksForIdentityToken = true
        do {
            return try await RegistryClient.with(
                configuration, credentials: FixedCredentials([target.registry: credential])
            ) { try await $0.authenticate(at: target.registry) }
        } catch let error as RegistryError where error.kind == .unauthorized || error.kind == .denied {
            // A registry could repeat what it was shown.
            let said = error.messages.map { $0.text.isEmpty ? $0.code : $0.text }.joined(separator: ", ")
                .replacing(credential.secret.value, with: "(secret)")
            throw CommandError(
                "cannot log in to \(target.title)\(credential.owner): the registry does not accept the user name or "
                    + "the password" + (error.status.map { " (HTTP status \($0))" } ?? "")
                    + (said.isEmpty ? "" : "; it says: \(said)"),
                remedy: source == .kept
                    ? "these credentials were kept earlier; give others with -u USER"
                    : "check both; many registries want an access token of theirs in place of the password")
        }
    }

    private func remarks(_ target: LoginTarget, _ stored: StoredCredentials, _ credential: Credential) async throws {
        if target.scope != nil {
            CommandOutput.note(
                "note: kept for \(target.key) and what is below it; manifold and podman look for that, docker does not")
        }
        let found = try await stored.credential(for: target.registry, repository: target.scope)
        if found != credential, let origin = await stored.origin(of: target.registry, repository: target.scope) {
            CommandOutput.note("warning: other credentials are found before these: those \(origin)")
        }
    }
}

extension Credential {
    /// What must not be shown.
    fileprivate var secret: Secret {
        switch self {
        case .password(_, let secret), .identityToken(let secret): secret
        }
    }

    /// Whose it is, after "log in to …".
    fileprivate var owner: String {
        if case .password(let name, _) = self { " as \(name)" } else { " by an identity token" }
    }
}
