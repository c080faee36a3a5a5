// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import HTTP
import Remote
import SystemPackage
import TestSupport
import Testing

@Suite("Proxies")
struct ProxyTests {
    @Test("the proxy that stands before a host is asked, and not for excepted hosts")
    func proxies() async throws {
        try await TestWebServer.with { proxy in
            for (variables, isAsked) in [
                (["HTTP_PROXY": proxy.address], true), (["http_proxy": proxy.host], true),
                (["HTTP_PROXY": proxy.address, "NO_PROXY": "other, .invalid"], false),
                (["HTTP_PROXY": proxy.address, "NO_PROXY": "no.invalid:81"], true),
                (["HTTP_PROXY": proxy.address, "no_proxy": "*"], false), (["HTTPS_PROXY": proxy.address], false),
            ] {
                proxy.clearRequests()
                var configuration = HTTPConfiguration(environment: variables)
                configuration.firstRetryDelay = .milliseconds(1)
                configuration.maximumAttempts = 1
                let downloader = Downloader(configuration: configuration)
                let url = try #require(WebURL("http://no.invalid/f"))
                let null = try FileDescriptor.open("/dev/null", .readWrite)
                defer { try? null.close() }
                await #expect(throws: RemoteError.self) { try await downloader.download(url, into: null) }
                try await downloader.shutdown()
                #expect(proxy.requests.isEmpty != isAsked, "\(variables): \(proxy.requests)")
            }
        }
    }
}
