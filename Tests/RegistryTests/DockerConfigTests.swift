// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import Glibc
import Registry
import SystemPackage
import Testing

@Suite struct DockerConfigTests {
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
            let config = DockerConfig(environment: ["DOCKER_CONFIG": directory.string, "HOME": "/nowhere"])
            let found = try await config.credential(for: registry)
            #expect(found == expected)
        }
    }

    @Test("without DOCKER_CONFIG the file is below HOME; no file and no HOME mean no credentials")
    func places() async throws {
        #expect(DockerConfig(environment: ["HOME": "/home/jane"]).path == "/home/jane/.docker/config.json")
        #expect(DockerConfig(environment: [:]).path == nil)
        #expect(try await DockerConfig(environment: [:]).credential(for: "registry.example") == nil)
        #expect(try await DockerConfig(environment: ["HOME": "/nowhere"]).credential(for: "registry.example") == nil)
    }

    @Test(
        "a damaged file is an error that names it and no secret",
        arguments: ["{", "[]", #"{"auths":{"registry.example":{"auth":"swordfish!"}}}"#])
    func damaged(json: String) async throws {
        try await withDirectory(json) { directory in
            let config = DockerConfig(environment: ["DOCKER_CONFIG": directory.string])
            let error = await #expect(throws: RegistryError.self) {
                try await config.credential(for: "registry.example")
            }
            #expect(error?.kind == .credentials)
            #expect(error.map { "\($0)".contains("config.json") && !"\($0)".contains("swordfish") } == true)
        }
    }

    private func withDirectory(_ json: String, _ body: (FilePath) async throws -> Void) async throws {
        var template = Array("/tmp/manifold-config-XXXXXX".utf8CString)
        _ = try #require(mkdtemp(&template))
        let directory = FilePath(String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self))
        let path = directory.appending("config.json")
        defer {
            unlink(path.string)
            rmdir(directory.string)
        }
        let file = try SystemPackage.FileDescriptor.open(
            path, .writeOnly, options: .create, permissions: .ownerReadWrite)
        _ = try file.closeAfter { try file.writeAll(json.utf8) }
        try await body(directory)
    }
}
