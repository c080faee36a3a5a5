// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import HTTP
import OCI
import Remote
import SystemPackage
import TestSupport
import Testing

@Suite("Downloads")
struct DownloaderTests {
    private let content = Array(repeatElement(Array("0123456789abcdef".utf8), count: 8192).joined())

    private func download(
        _ url: String, known: FileVersion = FileVersion(), secrets: RemoteSecrets = .none,
        environment: [String: String] = [:], isPinned: Bool = false, idleTimeout: Duration = .seconds(60)
    ) async throws -> (Download, [UInt8]) {
        var configuration = HTTPConfiguration(environment: environment)
        configuration.firstRetryDelay = .milliseconds(5)
        configuration.idleTimeout = idleTimeout
        let downloader = Downloader(configuration: configuration, secrets: secrets)
        let address = try #require(WebURL(url))
        return try await Scratch.with { directory in
            let file = try FileDescriptor.open(
                directory.appending("f"), .readWrite, options: .create, permissions: .ownerReadWrite)
            defer { try? file.close() }
            do {
                let download = try await downloader.download(
                    address, unlessStill: known, isPinned: isPinned, into: file)
                try await downloader.shutdown()
                return (download, try Scratch.content(of: file))
            } catch {
                try await downloader.shutdown()
                throw error
            }
        }
    }

    private func file(_ download: Download) throws -> DownloadedFile {
        guard case .fetched(let file) = download else { throw Unexpected() }
        return file
    }

    private struct Unexpected: Error {}

    @Test("a file comes with its digest, size and version")
    func plain() async throws {
        try await TestWebServer.with { server in
            server["/d/f"] = .init(
                content,
                headers: [
                    "ETag": "\"1\"", "Last-Modified": "Sun, 06 Nov 1994 08:49:37 GMT",
                ])
            let (download, bytes) = try await download("\(server.address)/d/f?q=1")
            let file = try file(download)
            #expect(bytes == content)
            #expect(file.digest == Digest.sha256(of: content) && file.size == Int64(content.count))
            #expect(file.version.tag == "\"1\"" && file.version.modificationTime == 784_111_777)
            #expect(server.requests.map(\.description) == ["GET /d/f?q=1"])
        }
    }

    @Test("a version that is known is not sent again, whether the server looks at tags, at dates or at neither")
    func conditional() async throws {
        try await TestWebServer.with { server in
            let date = "Sun, 06 Nov 1994 08:49:37 GMT"
            server["/tag"] = .init(content, headers: ["ETag": "\"1\""])
            server["/date"] = .init(content, headers: ["Last-Modified": date])
            for (path, known) in [("/tag", FileVersion(tag: "\"1\"")), ("/date", FileVersion(modified: date))] {
                #expect(try await download(server.address + path, known: known).0 == .unchanged)
            }
            // A weak tag is not what the server compares with, but the answer shows the same one.
            #expect(try await download(server.address + "/tag", known: FileVersion(tag: "W/\"1\"")).0 == .unchanged)
            let (changed, bytes) = try await download(server.address + "/tag", known: FileVersion(tag: "\"0\""))
            #expect(try file(changed).size == Int64(bytes.count))
        }
    }

    @Test(
        "transient failures are tried again",
        arguments: [
            [TestWebServer.Fault.status(503)], [.status(500), .status(429, headers: ["Retry-After": "0"])],
            [.dropBody(afterBytes: 1000)], [.dropBody(afterBytes: 0), .dropBody(afterBytes: 70_000)],
        ])
    func retries(_ faults: [TestWebServer.Fault]) async throws {
        try await TestWebServer.with { server in
            server["/f"] = .init(content, faults: faults)
            let (_, bytes) = try await download("\(server.address)/f")
            #expect(bytes == content)
            #expect(server.requests.count == faults.count + 1)
        }
    }

    @Test("a server that goes silent is asked again")
    func silence() async throws {
        try await TestWebServer.with { server in
            server["/f"] = .init(content, faults: [.delay(.seconds(30))])
            let (_, bytes) = try await download("\(server.address)/f", idleTimeout: .seconds(4))
            #expect(bytes == content)
        }
    }

    @Test("a broken download goes on where it broke, unless the file is another by then")
    func resumes() async throws {
        try await TestWebServer.with { server in
            server["/f"] = .init(content, headers: ["ETag": "\"1\""], faults: [.dropBody(afterBytes: 100_000)])
            let (download, bytes) = try await download("\(server.address)/f")
            #expect(bytes == content)
            #expect(try file(download).digest == Digest.sha256(of: content))
            // How much of what was sent did arrive is the network's affair.
            let range = try #require(server.requests.last?.headers["range"])
            let start = try #require(Int(range.dropFirst("bytes=".count).dropLast()))
            #expect((1...100_000).contains(start))
        }
        try await TestWebServer.with { server in
            server["/f"] = .init(content, headers: ["ETag": "\"1\""], faults: [.dropBody(afterBytes: 100_000)])
            let next = Array(content.reversed())
            async let done = download("\(server.address)/f")
            while server.requests.isEmpty { try await Task.sleep(for: .milliseconds(1)) }
            server["/f"] = .init(next, headers: ["ETag": "\"2\""])
            let bytes = try await done.1
            #expect(bytes == content || bytes == next)
        }
    }

    @Test("what stays broken is an error that says what is wrong")
    func failures() async throws {
        try await TestWebServer.with { server in
            server["/503"] = .init("", faults: Array(repeating: .status(503), count: 9))
            server["/short"] = .init(content, faults: Array(repeating: .dropBody(afterBytes: 0), count: 9))
            server["/loop"] = .init([], status: 302, headers: ["Location": "/loop"])
            server["/nowhere"] = .init([], status: 302)
            for (path, words) in [
                ("/404", "status 404"), ("/503", "status 503"), ("/short", "was lost"),
                ("/loop", "without an end"), ("/nowhere", "to nowhere"),
            ] {
                let error = await #expect(throws: RemoteError.self) {
                    _ = try await download(server.address + path)
                }
                #expect(error?.description.contains(words) == true, "\(String(describing: error))")
            }
            #expect(server.requests.filter { $0.target == "/404" }.count == 1)
        }
        let refused = await #expect(throws: RemoteError.self) { _ = try await download("http://127.0.0.1:1/f") }
        #expect(refused?.kind == .unreachable && refused?.description.contains("refused") == true)
        let unknown = await #expect(throws: RemoteError.self) { try await download("http://no.such.host.invalid/f") }
        #expect(unknown?.kind == .unreachable)
    }

    @Test("redirects are followed, and take no secret to another server")
    func redirects() async throws {
        let secrets = RemoteSecrets { $0 == "HTTP_AUTH_TOKEN_127.0.0.1" ? "t0p\n" : nil }
        try await TestWebServer.with { other in
            try await TestWebServer.with { server in
                other["/f"] = .init("far")
                server["/a"] = .init([], status: 301, headers: ["Location": "b?x"])
                server["/b"] = .init([], status: 307, headers: ["Location": "\(other.address)/f"])
                let (_, bytes) = try await download("\(server.address)/a", secrets: secrets)
                #expect(bytes == Array("far".utf8))
                #expect(server.requests.map { $0.headers["authorization"] } == ["Bearer t0p", "Bearer t0p"])
                #expect(other.requests.map { $0.headers["authorization"] } == [nil])
            }
        }
    }

    @Test("a header secret is sent as it is, and a login in the address works, too")
    func logins() async throws {
        let secrets = RemoteSecrets { $0 == "HTTP_AUTH_HEADER_127.0.0.1" ? "Custom x" : nil }
        try await TestWebServer.with { server in
            server["/f"] = .init("1")
            _ = try await download("\(server.address)/f", secrets: secrets)
            _ = try await download("http://u:p@\(server.host)/f")
            #expect(server.requests.map { $0.headers["authorization"] } == ["Custom x", "Basic dTpw"])
        }
    }

    @Test("HTTPS needs a certificate that somebody vouches for, and does not lead back to HTTP without a checksum")
    func security() async throws {
        let certificate = try await TestCertificate.make()
        defer { certificate.remove() }
        try await TestWebServer.with { plain in
            plain["/f"] = .init("plain")
            try await TestWebServer.with(certificate: certificate) { server in
                server["/f"] = .init("safe")
                server["/down"] = .init([], status: 302, headers: ["Location": "\(plain.address)/f"])
                let trust = ["SSL_CERT_FILE": certificate.authority.string]
                let (_, bytes) = try await download("\(server.address)/f", environment: trust)
                #expect(bytes == Array("safe".utf8))
                for url in ["\(server.address)/f", "https://\(plain.host)/f"] {
                    let error = await #expect(throws: RemoteError.self) { _ = try await download(url) }
                    #expect(error?.kind == .insecureConnection)
                }
                let down = await #expect(throws: RemoteError.self) {
                    try await download("\(server.address)/down", environment: trust)
                }
                #expect(down?.kind == .insecureConnection)
                let pinned = try await download("\(server.address)/down", environment: trust, isPinned: true)
                #expect(pinned.1 == Array("plain".utf8))
            }
        }
    }
}
