// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import AsyncHTTPClient

/// A proxy, and the variable that names it.
///
/// An HTTP proxy is asked to connect (CONNECT) for plain addresses, too, so that it sees no more of a request than the host; a
/// SOCKS proxy gets the host's name, not its address.
package struct Proxy: Hashable, Sendable {
    package enum Kind: Sendable { case http, socks }

    package let kind: Kind
    package let host: String
    package let port: Int
    let variable: String
    private let login: HTTPClient.Authorization?

    /// Reads the value of a variable; without a scheme it is an HTTP proxy.
    init(_ text: String, variable: String) throws(NetworkFailure) {
        func unusable(_ reason: String, _ remedy: String = "correct or unset") -> NetworkFailure {
            NetworkFailure(
                .settings, detail: "\(variable) cannot be used: \(reason)", hint: "\(remedy) \(variable)")
        }
        let scheme = text.firstRange(of: "://").map { text[..<$0.lowerBound].lowercased() }
        switch scheme {
        case nil, "http": kind = .http
        case "socks5", "socks5h": kind = .socks
        case "https":
            throw unusable(
                "a proxy that itself wants TLS is not supported", "name the proxy's plain port (http://…) in")
        default: throw unusable("it is not an http:// or socks5:// address")
        }
        guard let url = WebURL("http://" + text.dropFirst(scheme.map { $0.count + 3 } ?? 0)) else {
            throw unusable("it names no host and port (and odd characters of a password have to be written as %XX)")
        }
        host = url.host.filter { $0 != "[" && $0 != "]" }
        port = url.port ?? (kind == .http ? 80 : 1080)
        self.variable = variable
        login = url.userInfo.map { user in
            let parts = user.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
            return .basic(username: parts.first ?? "", password: parts.count > 1 ? parts[1] : "")
        }
        guard login == nil || kind == .http else { throw unusable("a SOCKS proxy with a login is not supported") }
    }

    /// As the HTTP client wants it.
    var setting: HTTPClient.Configuration.Proxy {
        switch kind {
        case .http: .server(host: host, port: port, authorization: login)
        case .socks: .socksServer(host: host, port: port)
        }
    }

    /// For errors: without the password.
    var words: String { "the proxy \(host):\(port) of \(variable)" }
}
