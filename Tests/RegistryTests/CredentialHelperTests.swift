// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import FoundationEssentials
import Glibc
import OCI
import Registry
import SystemPackage
import TestSupport
import Testing

/// Against real programs that speak the protocol of docker-credential-helpers.
@Suite struct CredentialHelperTests {
    /// Keeps one credential for each server, each in a file beside the program.
    static let helper = """
        #!/bin/sh
        dir=$(dirname "$0")/kept
        mkdir -p "$dir"
        echo "$1" >> "$dir/log"
        case "$1" in
        get)
            read -r server
            file="$dir/$(echo "$server" | tr '/:' '__')"
            [ -e "$file" ] || { echo "credentials not found in native keychain"; exit 1; }
            cat "$file" ;;
        store)
            read -r json
            server=$(echo "$json" | sed 's/.*"ServerURL":"\\([^"]*\\)".*/\\1/; s/\\\\//g')
            echo "$json" > "$dir/$(echo "$server" | tr '/:' '__')" ;;
        erase)
            read -r server
            file="$dir/$(echo "$server" | tr '/:' '__')"
            [ -e "$file" ] || { echo "credentials not found in native keychain"; exit 1; }
            rm "$file" ;;
        esac
        """

    private func withHelper(
        _ config: String, _ program: String = helper, _ body: (StoredCredentials, FilePath) async throws -> Void
    ) async throws {
        try await withFiles(["config.json": config, "bin/docker-credential-test": program]) { folder in
            let environment = [
                "DOCKER_CONFIG": folder.string, "PATH": "\(folder)/bin:/usr/bin:/bin", "HOME": "/nowhere",
            ]
            try await body(StoredCredentials(environment: environment), folder)
        }
    }

    @Test(
        "a helper keeps, gives and forgets what it is told to",
        arguments: [#"{"credsStore":"test"}"#, #"{"credHelpers":{"registry.example":"test","docker.io":"test"}}"#])
    func roundTrip(config: String) async throws {
        try await withHelper(config) { stored, folder in
            #expect(try await stored.credential(for: "registry.example") == nil)
            let jane = Credential.password(username: "jane", Secret("sword\"fish"))
            #expect(try await stored.store(jane, for: "registry.example") == "docker-credential-test")
            #expect(try await stored.credential(for: "registry.example", repository: "a/b") == jane)
            try await stored.store(.identityToken(Secret("t")), for: "docker.io")
            #expect(try await stored.credential(for: "docker.io") == .identityToken(Secret("t")))
            let text = try String(contentsOfFile: "\(folder)/config.json", encoding: .utf8)
            #expect(text.contains(#""registry.example": {}"#) && !text.contains("fish"), "\(text)")
            #expect(try await stored.erase("registry.example"))
            #expect(try await stored.erase("registry.example") == false)
            #expect(try await stored.credential(for: "registry.example") == nil)
        }
    }

    @Test("many requests ask a helper once") func caching() async throws {
        try await withHelper(#"{"credsStore":"test"}"#) { stored, folder in
            try await withThrowingTaskGroup(of: Credential?.self) { group in
                for _ in 0..<8 { group.addTask { try await stored.credential(for: "registry.example") } }
                for try await found in group { #expect(found == nil) }
            }
            let log = try String(contentsOfFile: "\(folder)/bin/kept/log", encoding: .utf8)
            #expect(log == "get\n")
        }
    }

    @Test("a registry gets what its helper has") func push() async throws {
        try await TestRegistry.with(authentication: .basic(username: "jane", password: "fish")) { registry in
            try await withHelper(#"{"credHelpers":{"\#(registry.host)":"test"}}"#) { stored, _ in
                try await stored.store(.password(username: "jane", Secret("fish")), for: registry.host)
                try await withClient(credentials: stored) { client in
                    try await client.authenticate(at: registry.host)
                    try await Image.push(with: client, to: registry.host)
                }
            }
        }
    }

    @Test(
        "a helper that is missing or fails is a clear error that names it, without secrets",
        arguments: [
            ("#!/bin/sh\necho 'the vault is locked'; exit 3", "the vault is locked"),
            ("#!/bin/sh\necho '{\"Secret\":\"swordfish\"'; exit 1", "failed"),
            ("#!/bin/sh\necho swordfish", "not JSON"),
            ("#!/nowhere", "failed"), ("plain file", "no such program"),
        ])
    func failure(program: String, words: String) async throws {
        try await withHelper(#"{"credsStore":"test"}"#, program) { stored, _ in
            let error = await #expect(throws: RegistryError.self) {
                try await stored.credential(for: "registry.example")
            }
            let text = try "\(#require(error)) \(error?.remedy ?? "")"
            #expect(error?.kind == .credentials)
            #expect(
                text.contains("docker-credential-test") && text.contains("config.json") && text.contains(words),
                "\(text)")
            #expect(!text.contains("swordfish"))
        }
    }

    @Test("what the file itself holds is used where the helper is missing or has nothing") func fallback()
        async throws
    {
        for name in ["test", "missing"] {
            let config = #"{"credsStore":"\#(name)","auths":{"registry.example":{"auth":"amFuZTpmaXNo"}}}"#
            try await withHelper(config) { stored, _ in
                let found = try await stored.credential(for: "registry.example")
                #expect(found == .password(username: "jane", Secret("fish")))
            }
        }
    }

    @Test("in a user namespace of ours a helper runs as the user", .requiresProgram("unshare"), .requiresRoot("su"))
    func namespace() async throws {
        // What the program does is done by hand, since a test has many threads: root in a namespace, then somebody again.
        let result = try await ChildProcess.run(
            "unshare",
            ["--user", "--map-root-user", "unshare", "--user", "--map-user=1000", "--map-group=1000", "--", "id", "-u"])
        #expect(result.output == "1000\n", "\(result)")
    }
}
