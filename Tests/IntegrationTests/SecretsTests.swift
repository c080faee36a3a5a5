// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import FoundationEssentials
import OCI
import SystemPackage
import TestSupport
import Testing

extension Program {
    /// Every command that speaks to a registry, with a registry that repeats what it is told.
    @Suite("Secrets appear nowhere")
    struct SecretsTests {
        /// How the registry answers.
        enum Answer: String, CaseIterable, CustomTestStringConvertible {
            case good, refusals, refusedTokens, signedRedirects, refusedSignatures

            var testDescription: String { rawValue }

            /// Whether a command takes another way through the client with it.
            func concerns(_ command: String) -> Bool {
                switch self {
                case .good, .refusals: true
                case .refusedTokens: ["pull", "push", "login"].contains(command)
                case .signedRedirects, .refusedSignatures: ["pull", "verify", "tags"].contains(command)
                }
            }
        }

        private static let password = "Swordfish-\(UInt64.random(in: .min ... .max))"
        private static let signature = "SIG\(UInt64.random(in: .min ... .max))"
        private static let shown = Data("jane:\(password)".utf8).base64EncodedString()
        /// What nobody may see: the password, the header that it is in, tokens, signatures.
        private static let secrets = [password, shown, signature, "token-"]

        @Test(
            "in output, errors, lists of processes and files, whatever the registry answers", arguments: Answer.allCases
        )
        func commands(answer: Answer) async throws {
            let authentication: TestRegistry.Authentication =
                answer == .refusedTokens
                ? .bearer(username: "jane", password: Self.password)
                : .basic(username: "jane", password: Self.password)
            try await TestRegistry.with(authentication: authentication) { registry in
                try await Manifold.with { manifold in
                    try Self.fill(registry)
                    try manifold.write(
                        #"{"auths": {"\#(registry.host)": {"auth": "\#(Self.shown)"}}}"#,
                        to: manifold.path("secret/config.json"))
                    try manifold.write(Self.password, to: manifold.path("secret/password"))
                    try manifold.write("", to: manifold.path("tmp/empty"))
                    _ = try await ChildProcess.run("chmod", ["777", manifold.path("tmp").string])
                    let context = try manifold.context("FROM \(registry.host)/app:1\nLABEL a=b\n")
                    let ready = try await Self.run(["pull", "\(registry.host)/app:1", "mine:1"], manifold)
                    try #require(ready.succeeded, ready.comment)
                    Self.misbehave(registry, answer)
                    for arguments in Self.commands(registry.host, manifold, context) where answer.concerns(arguments[0])
                    {
                        for mode in ["plain", "json"]
                        where mode == "plain" || answer == .refusals && arguments.contains("--progress") {
                            let arguments = arguments.map { $0 == "MODE" ? mode : $0 }
                            let result = try await Self.run(arguments, manifold)
                            let isGood = answer == .good || answer == .signedRedirects
                            #expect(!isGood || result.succeeded, "\(arguments): \(result)")
                            for secret in Self.secrets {
                                #expect(!result.output.contains(secret), "\(arguments): \(result)")
                                #expect(!result.errorOutput.contains(secret), "\(arguments): \(result)")
                            }
                        }
                    }
                    try await Self.expectNothingLeft(in: manifold)
                }
            }
        }

        @Test("of a password that a login is given by a pipe or the environment", arguments: ["pipe", "environment"])
        func login(way: String) async throws {
            try await TestRegistry.with(authentication: .basic(username: "jane", password: Self.password)) { registry in
                try await Manifold.with { manifold in
                    try manifold.write(Self.password, to: manifold.path("secret/password"))
                    try manifold.write("", to: manifold.path("tmp/empty"))
                    _ = try await ChildProcess.run("chmod", ["777", manifold.path("tmp").string])
                    registry.add(Fault(.repeatingSecrets(403), path: "/v2/", skip: 1))
                    for succeeds in [false, true] {
                        let result = try await Self.login(way, registry.host, manifold)
                        #expect(result.succeeded == succeeds, result.comment)
                        for secret in Self.secrets {
                            #expect(!result.output.contains(secret), result.comment)
                            #expect(!result.errorOutput.contains(secret), result.comment)
                        }
                    }
                    try await Self.expectNothingLeft(in: manifold)
                }
            }
        }

        // MARK: What is run

        private static func commands(_ host: String, _ manifold: Manifold, _ context: FilePath) -> [[String]] {
            let progress = ["--progress", "MODE"]
            let result = manifold.path("tmp/result.json").string
            return [
                ["pull"] + progress + ["\(host)/app:1"],
                ["copy"] + progress + ["\(host)/app:1", "oci:\(manifold.path("tmp/layout")):1"],
                ["copy"] + progress + ["\(host)/app:1", "\(host)/other:1"],
                ["push"] + progress + ["mine:1", "\(host)/pushed:1"],
                ["verify"] + progress + ["--json", "\(host)/app:1"], ["inspect", "\(host)/app:1"],
                ["tags", "\(host)/app"],
                ["build"] + progress + ["--push", "-t", "\(host)/built:1", context.string],
                ["build"] + progress + ["--pull", "--no-cache", context.string],
                ["build"] + progress
                    + [
                        "--cache-to", "type=registry,ref=\(host)/cache:1", "--cache-from", "\(host)/cache:1",
                        context.string,
                    ],
                ["build"] + progress
                    + ["-t", "\(host)/fan:1", "--push-by-digest", "--result", result, context.string],
                ["manifest", "merge", "-t", "\(host)/merged:1", result], ["manifest", "who", "\(host)/app:1"],
                ["manifest", "lint", "\(host)/app:1"], ["login", host],
            ]
        }

        private static func misbehave(_ registry: TestRegistry, _ answer: Answer) {
            switch answer {
            case .good: break
            case .refusals, .refusedTokens: registry.add(Fault(.repeatingSecrets(403), path: "/v2/", times: .max))
            case .refusedSignatures, .signedRedirects:
                if answer == .refusedSignatures {
                    registry.add(Fault(.repeatingSecrets(403), path: signature, times: .max))
                }
                let redirect = Fault.Action.signedRedirect(query: "X-Amz-Signature=\(signature)")
                registry.add(Fault(redirect, method: "GET", path: "/blobs/sha256:", times: .max))
                registry.add(Fault(redirect, method: "GET", path: "/manifests/", times: .max))
            }
        }

        /// An image whose layer nobody looks into.
        private static func fill(_ registry: TestRegistry) throws {
            let layer = registry.putBlob(try emptyLayer(), in: "app", mediaType: .ociLayerGzip)
            let config = ImageConfig(
                platform: Platform(os: "linux", architecture: "amd64"),
                diffIDs: [.sha256(of: [UInt8](repeating: 0, count: 1024))])
            let blob = registry.putBlob(Array(try JSONEncoder().encode(config)), in: "app", mediaType: .ociConfig)
            let manifest = Manifest(config: blob, layers: [layer])
            registry.putManifest(
                Array(try JSONEncoder().encode(manifest)), mediaType: .ociManifest, in: "app", tag: "1")
        }

        /// gzip of an archive without entries.
        private static func emptyLayer() throws -> [UInt8] {
            // One stored block (RFC 1951 §3.2.4) of 1024 zero bytes, and their check sum.
            let head: [UInt8] = [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255, 1, 0, 4, 0xff, 0xfb]
            return head + [UInt8](repeating: 0, count: 1024) + [0x2e, 0xaf, 0xb5, 0xef, 0, 4, 0, 0]
        }

        // MARK: Looking

        /// Runs the program with the credentials of a file, looking at everybody's command lines all the time.
        private static func run(_ arguments: [String], _ manifold: Manifold) async throws -> ChildProcess.Result {
            try await watched(
                arguments, manifold,
                Manifold.Setting(environment: [
                    "DOCKER_CONFIG": manifold.path("secret").string, "TMPDIR": manifold.path("tmp").string,
                ]))
        }

        private static func login(
            _ way: String, _ host: String, _ manifold: Manifold
        ) async throws -> ChildProcess.Result {
            let file = manifold.path("secret/password")
            let script =
                way == "pipe"
                ? #"exec "$@" --password-stdin -u jane <\#(file)"#
                : #"DOCKER_USERNAME=jane DOCKER_PASSWORD=$(cat \#(file)); export DOCKER_USERNAME DOCKER_PASSWORD; exec "$@""#
            var setting = Manifold.Setting.script(script)
            setting.environment = [
                "DOCKER_CONFIG": manifold.path("home/secret").string, "TMPDIR": manifold.path("tmp").string,
            ]
            return try await watched(["login", host], manifold, setting)
        }

        private static func watched(
            _ arguments: [String], _ manifold: Manifold, _ setting: Manifold.Setting
        ) async throws -> ChildProcess.Result {
            let child = try manifold.start(arguments, setting)
            return try await withThrowingTaskGroup(of: ChildProcess.Result?.self) { group in
                group.addTask { try await child.wait(timeout: .seconds(120)) }
                group.addTask {
                    while !Task.isCancelled {
                        for line in ProcessTable.commandLines {
                            for secret in [password, shown, signature] {
                                #expect(!line.contains(secret), "\(arguments): \(line)")
                            }
                        }
                        try? await Task.sleep(for: .milliseconds(20))
                    }
                    return nil
                }
                defer { group.cancelAll() }
                while let next = try await group.next() { if let next { return next } }
                throw CancellationError()
            }
        }

        /// Looks into every file but those that are there to hold secrets.
        private static func expectNothingLeft(in manifold: Manifold) async throws {
            let patterns = secrets.flatMap { ["-e", $0] }
            let found = try await ChildProcess.run(
                "grep",
                ["--recursive", "--files-with-matches", "--fixed-strings", "--exclude-dir=secret"] + patterns
                    + [manifold.directory.string])
            #expect(found.output.isEmpty, found.comment)
        }
    }
}
