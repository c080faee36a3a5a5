// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import Glibc
import HTTP
import OCI
import Registry
import Remote
import SystemPackage
import TestSupport
import Testing

@Suite("Proxies")
struct ProxyTests {
    private func proxy(_ url: String, _ environment: [String: String]) throws -> String? {
        try ProxySettings(environment: environment).proxy(for: #require(WebURL(url))).map { "\($0.host):\($0.port)" }
    }

    @Test(
        "each kind of address has its variable, and names in upper case come first",
        arguments: [
            ("http://a.test/", ["HTTP_PROXY": "http://p:1", "HTTPS_PROXY": "q:2"], "p:1"),
            ("https://a.test/", ["HTTP_PROXY": "p:1", "HTTPS_PROXY": "q:2"], "q:2"),
            ("https://a.test/", ["HTTP_PROXY": "p:1"], nil), ("http://a.test/", ["HTTPS_PROXY": "p:1"], nil),
            ("http://a.test/", ["http_proxy": "p:1"], "p:1"),
            ("http://a.test/", ["http_proxy": "p:1", "HTTP_PROXY": "q:1"], "q:1"),
            ("http://a.test/", ["http_proxy": "p:1", "HTTP_PROXY": ""], "p:1"),
            ("https://a.test/", ["ALL_PROXY": "p"], "p:80"), ("http://a.test/", ["all_proxy": "socks5://p"], "p:1080"),
            ("http://a.test/", ["ALL_PROXY": "p", "HTTP_PROXY": "q:2"], "q:2"),
            ("http://a.test/", ["HTTP_PROXY": "http://u:p%40x@[fd00::1]:3128/"], "fd00::1:3128"),
            ("http://a.test/", ["HTTP_PROXY": "p:1", "REQUEST_METHOD": "GET"], nil),
            ("http://a.test/", ["http_proxy": "p:1", "REQUEST_METHOD": "GET"], "p:1"),
            ("http://localhost:5000/", ["HTTP_PROXY": "p:1"], nil), ("http://127.1.2.3/", ["HTTP_PROXY": "p:1"], nil),
            ("http://[::1]:5000/", ["HTTP_PROXY": "p:1"], nil),
        ] as [(String, [String: String], String?)])
    func choice(url: String, environment: [String: String], expected: String?) throws {
        #expect(try proxy(url, environment) == expected)
    }

    @Test(
        "NO_PROXY names hosts with what is below them, addresses, ranges, ports or all",
        arguments: [
            ("a.test", "a.test", true), ("a.test", "b.a.test", true), ("a.test", "ba.test", false),
            ("A.Test", "a.TEST", true), (".a.test", "b.a.test", true), (".a.test", "a.test", false),
            ("*.a.test", "b.a.test", true), ("*.a.test", "a.test", false), ("*", "a.test", true), ("", "a.test", false),
            ("x, a.test ,y", "a.test", true), ("x a.test", "a.test", true), (" , ,", "a.test", false),
            ("a.test:443", "a.test", true), ("a.test:80", "a.test", false), ("a.test:5000", "a.test:5000", true),
            ("a.test", "a.test:5000", true), ("a.test:x", "a.test", false), ("*:5000", "a.test:5000", true),
            ("10.0.0.0/8", "10.1.2.3", true), ("10.0.0.0/8", "11.1.2.3", false), ("10.0.0.0/12", "10.16.0.1", false),
            ("10.0.0.0/12", "10.15.0.1", true), ("0.0.0.0/0", "10.1.2.3", true), ("10.0.0.0/33", "10.0.0.1", false),
            ("10.0.0.0/8", "a.test", false), ("10.0.0.0/8", "[a00::1]", false), ("10.1.2.3", "10.1.2.3", true),
            ("10.1.2.3:5000", "10.1.2.3:5000", true), ("10.1.2.3:5000", "10.1.2.3", false),
            ("fd00::1", "[fd00:0::1]:5000", true), ("[fd00::1]", "[fd00::1]", true),
            ("[fd00::1]:5000", "[fd00::1]:5000", true), ("[fd00::1]:5000", "[fd00::1]", false),
            ("fd00::/8", "[fdff::1]", true), ("fd00::/8", "[fe00::1]", false),
        ])
    func exceptions(list: String, host: String, isDirect: Bool) throws {
        let proxy = try proxy("https://\(host)/v2/", ["HTTPS_PROXY": "p:1", "NO_PROXY": list])
        #expect((proxy == nil) == isDirect)
    }

    @Test(
        "a proxy that cannot be used is an error that names the variable and no password",
        arguments: [
            "https://u:secret@p:1", "ftp://p", "socks4://p:1", "socks5://u:secret@p:1", "p:x", "http://:80",
            "http://u:sec%ret@p:1",
        ])
    func unusable(text: String) {
        let error = #expect(throws: NetworkFailure.self) { try proxy("https://a.test/", ["HTTPS_PROXY": text]) }
        #expect(error?.kind == .settings)
        #expect(error?.detail?.contains("HTTPS_PROXY") == true && error?.hint?.contains("HTTPS_PROXY") == true)
        #expect(error?.detail?.contains("secret") == false)
    }

    @Test(
        "registries and downloads go through a proxy in the same way: with its login, by CONNECT, for plain HTTP, too")
    func together() async throws {
        try await TestRegistry.with { registry in
            try await TestWebServer.with { server in
                server["/f"] = .init("far")
                try await TestProxy.with(.connect(user: "jane:sword fish")) { proxy in
                    let files = server.host.replacing("127.0.0.1", with: "files.test")
                    let name = registry.host.replacing("127.0.0.1", with: "registry.test")
                    let blob = registry.putBlob([1, 2, 3], in: "app")
                    let login = "jane:sword%20fish@"
                    let variables = [
                        "HTTP_PROXY": "http://\(login)\(proxy.host)", "HTTPS_PROXY": "\(login)\(proxy.host)",
                    ]
                    try await use(variables, name) {
                        let bytes = try await $0.pullBlob(blob, from: Reference("\(name)/app"))
                        #expect(bytes == [1, 2, 3])
                        try await download("http://\(files)/f", with: $1)
                    }
                    #expect(Set(proxy.requests) == ["CONNECT \(name) HTTP/1.1", "CONNECT \(files) HTTP/1.1"])
                    try await use(["ALL_PROXY": "jane:wrong@\(proxy.host)"], name) { client, downloader in
                        let first = await #expect(throws: RegistryError.self) {
                            _ = try await client.pullBlob(blob, from: Reference("\(name)/app"))
                        }
                        let second = await #expect(throws: RemoteError.self) {
                            try await download("http://\(files)/f", with: downloader)
                        }
                        for (words, remedy) in [
                            ("\(try #require(first))", first?.remedy), ("\(try #require(second))", second?.remedy),
                        ] {
                            #expect(words.contains("the proxy \(proxy.host) of ALL_PROXY") && !words.contains("wrong"))
                            #expect(remedy?.contains("ALL_PROXY") == true, "\(words); \(remedy ?? "")")
                        }
                    }
                }
            }
        }
    }

    private func use(
        _ environment: [String: String], _ registry: String,
        _ body: (RegistryClient, Downloader) async throws -> Void
    ) async throws {
        var configuration = RegistryConfiguration(environment: environment)
        configuration.insecureRegistries = [registry]
        configuration.firstRetryDelay = .milliseconds(2)
        let client = RegistryClient(credentials: NoCredentials(), configuration: configuration)
        let downloader = Downloader(configuration: configuration.http)
        let result: Result<Void, any Error>
        do { result = .success(try await body(client, downloader)) } catch { result = .failure(error) }
        try await client.shutdown()
        try await downloader.shutdown()
        try result.get()
    }

    private func download(_ url: String, with downloader: Downloader) async throws {
        let path = "/tmp/proxied-\(UInt64.random(in: 0 ... .max))"
        let file = try FileDescriptor.open(
            FilePath(path), .readWrite, options: [.create, .exclusiveCreate], permissions: .ownerReadWrite)
        unlink(path)
        defer { try? file.close() }
        _ = try await downloader.download(#require(WebURL(url)), into: file)
    }
}
