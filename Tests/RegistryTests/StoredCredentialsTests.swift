// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import FoundationEssentials
import Glibc
import OCI
import Registry
import SystemPackage
import TestSupport
import Testing

@Suite struct StoredCredentialsTests {
    /// `jane:se:cret` in base64.
    static let auth = "amFuZTpzZTpjcmV0"
    static let jane = Credential.password(username: "jane", Secret("se:cret"))

    @Test(
        "credentials are found under every spelling of a registry",
        arguments: [
            (#"{"auths":{"registry.example":{"auth":"\#(auth)"}}}"#, "registry.example", jane),
            (#"{"auths":{"https://registry.example":{"auth":"\#(auth)"}}}"#, "registry.example", jane),
            (#"{"auths":{"https://registry.example/v1/":{"auth":"\#(auth)"}}}"#, "registry.example", jane),
            (#"{"auths":{"http://registry.example:5000/v2/":{"auth":"\#(auth)"}}}"#, "registry.example:5000", jane),
            (#"{"auths":{"https://index.docker.io/v1/":{"auth":"\#(auth)"}}}"#, "docker.io", jane),
            (#"{"auths":{"registry.example":{"username":"jane","password":"se:cret"}}}"#, "registry.example", jane),
            (#"{"auths":{"registry.example":{"auth":"\#(auth)"}}}"#, "other.example", nil),
            (#"{"auths":{"registry.example":{}}}"#, "registry.example", nil),
            (#"{"auths":{"registry.example":{"auth":""}}}"#, "registry.example", nil),
            (
                #"{"credsStore":"x","auths":{"a":{},"registry.example":{"auth":"\#(auth)","email":"x"}}}"#,
                "registry.example", jane
            ),
            (
                #"{"auths":{"registry.example":{"auth":"\#(auth)"},"https://registry.example/x":{"auth":"eDp5"}}}"#,
                "registry.example", jane
            ),
            (
                #"{"auths":{"registry.example":{"auth":"\#(auth)","identitytoken":"t"}}}"#, "registry.example",
                .identityToken(Secret("t"))
            ),
            ("{}", "registry.example", nil), ("", "registry.example", nil),
        ] as [(String, String, Credential?)])
    func lookUp(json: String, registry: String, expected: Credential?) async throws {
        try await withDirectory(json) { directory in
            let config = StoredCredentials(environment: ["DOCKER_CONFIG": directory.string, "HOME": "/nowhere"])
            let found = try await config.credential(for: registry)
            #expect(found == expected)
        }
    }

    @Test("without DOCKER_CONFIG the file is below HOME; no file and no HOME mean no credentials")
    func places() async throws {
        let home = StoredCredentials(environment: ["HOME": "/home/jane", "XDG_RUNTIME_DIR": "/run/user/7"])
        #expect(
            home.files.map(\.path) == [
                "/home/jane/.docker/config.json", "/run/user/7/containers/auth.json",
                "/home/jane/.config/containers/auth.json",
            ])
        let only = StoredCredentials(environment: ["HOME": "/home/jane", "REGISTRY_AUTH_FILE": "/x/auth.json"])
        #expect(only.files.map(\.path) == ["/x/auth.json"])
        #expect(StoredCredentials(environment: [:]).files.isEmpty)
        #expect(try await StoredCredentials(environment: [:]).credential(for: "registry.example") == nil)
        let nowhere = StoredCredentials(environment: ["HOME": "/nowhere"])
        #expect(try await nowhere.credential(for: "registry.example") == nil)
    }

    @Test(
        "a damaged file is an error that names it and no secret",
        arguments: ["{", "[]", #"{"auths":{"registry.example":{"auth":"swordfish!"}}}"#])
    func damaged(json: String) async throws {
        try await withDirectory(json) { directory in
            let config = StoredCredentials(environment: ["DOCKER_CONFIG": directory.string])
            let error = await #expect(throws: RegistryError.self) {
                try await config.credential(for: "registry.example")
            }
            #expect(error?.kind == .credentials)
            #expect(error.map { "\($0)".contains("config.json") && !"\($0)".contains("swordfish") } == true)
        }
    }

    private func withDirectory(_ json: String, _ body: (FilePath) async throws -> Void) async throws {
        try await withFiles(["config.json": json], body)
    }

    @Test(
        "of the names of a repository the longest with credentials counts",
        arguments: [
            ("team/app/web", "c"), ("team/app", "c"), ("team/other", "b"), ("teams", "a"), (nil, "a"),
        ] as [(String?, String)])
    func perRepository(repository: String?, expected: String) async throws {
        let json = """
            {"auths":{"registry.example":{"username":"a"},"registry.example/team":{"username":"b"},
            "registry.example/team/app":{"username":"c"}}}
            """
        try await withFiles(["auth.json": json]) { directory in
            let stored = StoredCredentials(environment: ["REGISTRY_AUTH_FILE": "\(directory)/auth.json"])
            let found = try await stored.credential(for: "registry.example", repository: repository)
            #expect(found == .password(username: expected, Secret("")))
        }
    }

    @Test("the first file that knows a registry is believed, and a variable can stand for one") func order()
        async throws
    {
        func json(_ name: String, _ registries: String...) -> String {
            let entries = registries.map { #""\#($0)":{"username":"\#(name)"}"# }
            return #"{"auths":{\#(entries.joined(separator: ","))}}"#
        }
        let files = [
            ".docker/config.json": json("docker", "a.example"),
            "run/containers/auth.json": json("run", "a.example", "b.example"),
            ".config/containers/auth.json": json("lasting", "a.example", "b.example", "c.example"),
        ]
        try await withFiles(files) { home in
            let stored = StoredCredentials(environment: [
                "HOME": home.string, "XDG_RUNTIME_DIR": "\(home)/run", "DOCKER_AUTH_CONFIG": json("env", "d.example"),
            ])
            for (registry, name) in [
                ("a.example", "docker"), ("b.example", "run"), ("c.example", "lasting"), ("d.example", "env"),
            ] {
                let found = try await stored.credential(for: registry)
                #expect(found == .password(username: name, Secret("")))
            }
        }
    }

    @Test("a stored login changes its entry and nothing else of the file") func login() async throws {
        let json =
            #"{"psFormat":"t\"ä","big":12345678901234,"x":[1.5,{},[],null,true],"auths":{"a.example":{"auth":"eDp5"}}}"#
        try await withFiles([".docker/config.json": json]) { home in
            let stored = StoredCredentials(environment: ["HOME": home.string])
            #expect(try await stored.store(Self.jane, for: "b.example:5000") == "\(home)/.docker/config.json")
            try await stored.store(.identityToken(Secret("t")), for: "docker.io")
            let again = StoredCredentials(environment: ["HOME": home.string])
            for reader in [stored, again] {
                #expect(try await reader.credential(for: "b.example:5000") == Self.jane)
                #expect(try await reader.credential(for: "docker.io") == .identityToken(Secret("t")))
                #expect(try await reader.credential(for: "a.example") != nil)
            }
            let path = home.appending(".docker/config.json")
            var status = stat()
            #expect(stat(path.string, &status) == 0 && status.st_mode & 0o777 == 0o600)
            let text = try String(contentsOfFile: path.string, encoding: .utf8)
            for part in [#""psFormat": "t\"ä""#, #""big": 12345678901234"#, "1.5", #""https://index.docker.io/v1/""#] {
                #expect(text.contains(part), "\(text)")
            }
            #expect(try await stored.erase("b.example:5000"))
            #expect(try await stored.erase("b.example:5000") == false)
            #expect(try await stored.erase("docker.io"))
            #expect(try await stored.credential(for: "b.example:5000") == nil)
            #expect(try await stored.credential(for: "a.example") != nil)
        }
    }

    @Test("a login without a file makes one that nobody else can read, and one through a link keeps the link")
    func newFile() async throws {
        try await withFiles(["real/config.json": "{}"]) { home in
            let stored = StoredCredentials(environment: ["HOME": home.string])
            try await stored.store(Self.jane, for: "a.example")
            var status = stat()
            #expect(stat("\(home)/.docker/config.json", &status) == 0 && status.st_mode & 0o777 == 0o600)
            #expect(stat("\(home)/.docker", &status) == 0 && status.st_mode & 0o777 == 0o700)
            mkdir("\(home)/link", 0o700)
            symlink("../real/config.json", "\(home)/link/config.json")
            let linked = StoredCredentials(environment: ["DOCKER_CONFIG": "\(home)/link"])
            try await linked.store(Self.jane, for: "a.example")
            #expect(lstat("\(home)/link/config.json", &status) == 0 && status.st_mode & S_IFMT == S_IFLNK)
            #expect(try String(contentsOfFile: "\(home)/real/config.json", encoding: .utf8).contains("a.example"))
        }
    }

    @Test("a refusal says whose credentials were shown, and from where; or that there were none") func origin()
        async throws
    {
        try await TestRegistry.with(authentication: .basic(username: "jane", password: "fish")) { registry in
            let json = #"{"auths":{"\#(registry.host)/app":{"username":"joe","password":"swordfish"}}}"#
            try await withFiles(["auth.json": json]) { folder in
                let stored = StoredCredentials(environment: ["REGISTRY_AUTH_FILE": "\(folder)/auth.json"])
                try await withClient(credentials: stored) { client in
                    for (name, words) in [("app", "of joe in \(folder)/auth.json"), ("other", "no credentials")] {
                        let error = await #expect(throws: RegistryError.self) {
                            try await client.resolve(Reference("\(registry.host)/\(name)"))
                        }
                        let said = try "\(#require(error))"
                        #expect(said.contains(words) && !said.contains("swordfish"), "\(said)")
                    }
                }
            }
        }
    }

    @Test("a file that is not JSON is not overwritten") func damagedFile() async throws {
        try await withFiles([".docker/config.json": "{ \"auths\": oops"]) { home in
            let stored = StoredCredentials(environment: ["HOME": home.string])
            await #expect(throws: RegistryError.self) { try await stored.store(Self.jane, for: "a.example") }
            let text = try String(contentsOfFile: "\(home)/.docker/config.json", encoding: .utf8)
            #expect(text == "{ \"auths\": oops")
        }
    }
}
