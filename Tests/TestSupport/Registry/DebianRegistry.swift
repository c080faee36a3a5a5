// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import FoundationEssentials
import Glibc
public import SystemPackage

/// The real thing: Debian's docker-registry on a free loopback port, with storage of its own.
///
///     try await DebianRegistry.with { registry in
///         let name = try Reference("\(registry.host)/app:1")
///     }
public final class DebianRegistry: Sendable {
    /// `127.0.0.1:port`, as references name it.
    public let host: String
    /// Where it keeps its files.
    public let storage: FilePath

    private let process: ChildProcess

    private init(host: String, storage: FilePath, process: ChildProcess) {
        self.host = host
        self.storage = storage
        self.process = process
    }

    /// A user that the registry knows.
    public struct User: Sendable {
        public var name: String
        public var password: String

        public init(name: String, password: String) {
            self.name = name
            self.password = password
        }
    }

    /// How a registry is unlike a plain one.
    public enum Feature: Sendable {
        /// It believes the tokens that an issuer signs, which a service at this address gives out.
        case tokens(TokenIssuer, realm: String)
        /// It wants to see a certificate of this authority.
        case clientAuthority(FilePath)
        /// It is a mirror that fetches what it does not have from another.
        case mirror(of: String)
        /// It names addresses without its own name.
        case relativeAddresses

        fileprivate var settings: String {
            switch self {
            case .tokens(let issuer, let realm):
                "auth: {token: {realm: '\(realm)', service: \(TokenIssuer.service), issuer: \(TokenIssuer.name), "
                    + "rootcertbundle: \(issuer.certificate.authority)}}\n"
            case .mirror(let address): "proxy: {remoteurl: '\(address)'}\n"
            case .clientAuthority, .relativeAddresses: ""
            }
        }

        fileprivate var isRelative: Bool { if case .relativeAddresses = self { true } else { false } }
    }

    /// Starts a registry and waits until it listens.
    ///
    /// - Parameters:
    ///   - features: How it is unlike a plain registry.
    ///   - user: Who may use it (htpasswd); nil lets everybody.
    ///   - certificate: What it speaks HTTPS with; nil speaks plain HTTP.
    /// - Returns: The running registry; whoever starts it must stop it.
    /// - Throws: ``ChildProcessError``, ``StartFailure``.
    public static func start(
        user: User? = nil, certificate: TestCertificate? = nil, features: [Feature] = []
    ) async throws -> DebianRegistry {
        let storage = try TestDirectory.make()
        var settings = """
            version: 0.1
            log: {level: info, accesslog: {disabled: true}}
            storage: {filesystem: {rootdirectory: \(storage)/data}, delete: {enabled: true}}
            http:
              addr: 127.0.0.1:0

            """
        if features.contains(where: \.isRelative) { settings += "  relativeurls: true\n" }
        if let certificate {
            let authorities = features.compactMap { feature in
                if case .clientAuthority(let path) = feature { path.string } else { String?.none }
            }
            settings += "  tls: {certificate: \(certificate.certificate), key: \(certificate.key)"
            if !authorities.isEmpty { settings += ", clientcas: [\(authorities.joined(separator: ", "))]" }
            settings += "}\n"
        }
        if let user {
            let line = try await ChildProcess.run("htpasswd", ["-nbB", user.name, user.password])
            try TestDirectory.write(line.stdout, to: storage.appending("htpasswd"))
            settings += "auth: {htpasswd: {realm: test, path: \(storage)/htpasswd}}\n"
        }
        for feature in features { settings += feature.settings }
        try TestDirectory.write(Array(settings.utf8), to: storage.appending("config.yml"))
        let process = try ChildProcess.start(
            "docker-registry", ["serve", storage.appending("config.yml").string],
            environment: ["OTEL_TRACES_EXPORTER": "none", "PATH": "/usr/bin:/bin"], lifetime: .boundToTests)
        let deadline = ContinuousClock.now + .seconds(30)
        while ContinuousClock.now < deadline, process.isRunning {
            let output = try process.outputSoFar()
            if let host = listeningAddress(output) {
                return DebianRegistry(host: host, storage: storage, process: process)
            }
            try await Task.sleep(for: .milliseconds(5))
        }
        let output = (try? process.outputSoFar()) ?? ""
        await process.stop()
        TestDirectory.remove(storage)
        throw StartFailure(output: output)
    }

    /// Starts a registry, runs `body`, and stops the registry however `body` ends.
    public static func with<Result>(
        user: User? = nil, certificate: TestCertificate? = nil, features: [Feature] = [],
        _ body: (DebianRegistry) async throws -> sending Result
    ) async throws -> sending Result {
        let registry = try await start(user: user, certificate: certificate, features: features)
        do {
            let result = try await body(registry)
            await registry.stop()
            return result
        } catch {
            await registry.stop()
            throw error
        }
    }

    /// Ends the registry and removes its storage.
    public func stop() async {
        await process.stop()
        TestDirectory.remove(storage)
    }

    /// What the registry has logged.
    public var log: String { (try? process.outputSoFar()) ?? "" }

    /// The registry did not come up.
    public struct StartFailure: Error, CustomStringConvertible {
        public let output: String
        public var description: String { "docker-registry did not start: \(output.suffix(2000))" }
    }

    private static func listeningAddress(_ log: String) -> String? {
        guard let range = log.firstRange(of: "listening on ") else { return nil }
        let address = log[range.upperBound...].prefix { $0.isNumber || $0 == "." || $0 == ":" }
        let rest = log[address.endIndex...]
        return rest.isEmpty || address.isEmpty ? nil : String(address)
    }
}
