// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

/// Which requests go through which proxy, by the variables that curl, Go and Docker know.
///
/// HTTP_PROXY and HTTPS_PROXY name a proxy for each kind of address, ALL_PROXY one for those kinds that have none of their
/// own; NO_PROXY lists hosts that are spoken to directly (see ``ProxyException``). Lower-case names count where upper-case
/// ones are not set. This machine itself is never asked for through a proxy.
public struct ProxySettings: Hashable, Sendable {
    /// The value of a variable.
    private struct Value: Hashable {
        var variable: String
        var text: String
    }

    private var values: [WebURL.Scheme: Value] = [:]
    private var exceptions: [ProxyException] = []

    /// What the variables of `environment` say; without one, no proxies.
    public init(environment: [String: String] = [:]) {
        func value(_ names: String...) -> Value? {
            names.lazy.compactMap { name in
                environment[name].flatMap { $0.isEmpty ? nil : Value(variable: name, text: $0) }
            }.first
        }
        let common = value("ALL_PROXY", "all_proxy")
        values[.https] = value("HTTPS_PROXY", "https_proxy") ?? common
        // A CGI program gets a Proxy header of its client under the upper-case name (httpoxy).
        let isCGI = environment["REQUEST_METHOD"] != nil
        values[.http] = (isCGI ? value("http_proxy") : value("HTTP_PROXY", "http_proxy")) ?? common
        exceptions = (value("NO_PROXY", "no_proxy")?.text ?? "").split { $0 == "," || $0.isWhitespace }
            .compactMap { ProxyException(String($0)) }
    }

    /// The proxy for an address, or nil when it is spoken to directly.
    ///
    /// - Throws: A failure of kind ``NetworkFailure/Kind/settings`` when the variable names no proxy that can be used.
    package func proxy(for url: WebURL) throws(NetworkFailure) -> Proxy? {
        guard let value = values[url.scheme], !Authority.isLoopback(url.host) else { return nil }
        guard !exceptions.contains(where: { $0.covers(url) }) else { return nil }
        return try Proxy(value.text, variable: value.variable)
    }
}
