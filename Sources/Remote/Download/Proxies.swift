// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import HTTP

/// Which proxy stands before which server, as curl, Go and others read it from variables.
public struct Proxies: Sendable, Hashable {
    var http: WebURL?
    var https: WebURL?
    /// Hosts without a proxy: `*`, names (with what is below them), addresses, address ranges, each with or without
    /// a port.
    var exceptions: [String]

    /// Reads HTTP_PROXY, HTTPS_PROXY, ALL_PROXY and NO_PROXY, in lower case, too.
    public init(environment: [String: String] = [:]) {
        func value(_ name: String) -> String? {
            [name, name.lowercased()].lazy.compactMap { environment[$0] }.first { !$0.isEmpty }
        }
        // A web server that runs programs sets HTTP_PROXY by what its clients send.
        let http = environment["REQUEST_METHOD"] == nil ? value("HTTP_PROXY") : environment["http_proxy"]
        self.http = (http ?? value("ALL_PROXY")).flatMap(Self.address)
        https = (value("HTTPS_PROXY") ?? value("ALL_PROXY")).flatMap(Self.address)
        exceptions = (value("NO_PROXY") ?? "").split(separator: ",").map {
            $0.filter { !$0.isWhitespace }.lowercased()
        }.filter { !$0.isEmpty }
    }

    /// A proxy may be written without a scheme. One that speaks SOCKS is not known here.
    private static func address(_ text: String) -> WebURL? {
        WebURL(text.contains("://") ? text : "http://" + text)
    }

    /// The proxy for an address; nil for none. This machine is never asked for by a proxy.
    func proxy(for url: WebURL) -> WebURL? {
        guard let proxy = url.scheme == .https ? https : http, !isException(url) else { return nil }
        return proxy
    }

    private func isException(_ url: WebURL) -> Bool {
        let host = url.host.first == "[" ? String(url.host.dropFirst().dropLast()) : url.host
        if host == "localhost" || host.hasSuffix(".localhost") || host == "::1" { return true }
        let address = Self.address(ofHost: host)
        if let address, address >> 24 == 127 { return true }
        return exceptions.contains { exception in
            if exception == "*" { return true }
            var name = exception
            if exception.filter({ $0 == ":" }).count == 1, let colon = exception.lastIndex(of: ":") {
                guard Int(exception[exception.index(after: colon)...]) == url.effectivePort else { return false }
                name = String(exception[..<colon])
            }
            if let address, let range = Self.range(name) { return range.contains(address) }
            if name.hasPrefix("*.") { name.removeFirst() }
            if name.hasPrefix(".") { return host.hasSuffix(name) }
            return host == name || host.hasSuffix("." + name)
        }
    }

    private static func range(_ text: String) -> ClosedRange<UInt32>? {
        let parts = text.split(separator: "/", maxSplits: 1).map(String.init)
        guard let first = parts.first, let address = address(ofHost: first) else { return nil }
        guard parts.count == 2 else { return address...address }
        guard let length = Int(parts[1]), (0...32).contains(length) else { return nil }
        let mask = length == 0 ? 0 : UInt32.max << UInt32(32 - length)
        return (address & mask)...(address & mask | ~mask)
    }

    private static func address(ofHost host: String) -> UInt32? {
        let parts = host.split(separator: ".", omittingEmptySubsequences: false).map { UInt8($0) }
        guard parts.count == 4 else { return nil }
        return parts.reduce(0 as UInt32?) { sum, part in
            guard let sum, let part else { return nil }
            return sum << 8 | UInt32(part)
        }
    }
}
