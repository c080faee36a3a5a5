// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

/// Which requests go through which proxy, by the variables that curl, Go and Docker know.
///
/// HTTP_PROXY and HTTPS_PROXY name a proxy for each kind of address, NO_PROXY lists hosts that are spoken to directly:
/// `example.com` with all below it, `.example.com` only what is below it, addresses, ranges such as `10.0.0.0/8`,
/// each with a port where only that is meant, or `*`. Lower-case names count where upper-case ones are not set. This machine
/// itself is never asked for through a proxy.
public struct ProxySettings: Hashable, Sendable {
    /// A proxy, and the variable that names it.
    struct Proxy: Hashable, Sendable {
        enum Kind: Sendable { case http, socks }

        var kind: Kind
        var host: String
        var port: Int
        var username: String?
        var password: Secret?
        var variable: String

        /// For errors: without the password.
        var words: String { "the proxy \(host):\(port) of \(variable)" }
    }

    /// A variable that holds something else than an address of a proxy.
    struct Unusable: Error {
        var variable: String
        var reason: String
    }

    private var values: [HostPolicy.Scheme: (variable: String, text: String)] = [:]
    private var exceptions: [String] = []

    /// No proxies.
    public init() {}

    /// What the variables of `environment` say.
    public init(environment: [String: String]) {
        func value(_ name: String) -> (String, String)? {
            [name, name.lowercased()].lazy.compactMap { name in
                environment[name].flatMap { $0.isEmpty ? nil : (name, $0) }
            }.first
        }
        values[.https] = value("HTTPS_PROXY")
        // A CGI program gets a Proxy header of its client under this name (httpoxy).
        if environment["REQUEST_METHOD"] == nil { values[.http] = value("HTTP_PROXY") }
        exceptions = (value("NO_PROXY")?.1 ?? "").split { $0 == "," || $0 == " " }.map { $0.lowercased() }
    }

    public static func == (left: ProxySettings, right: ProxySettings) -> Bool {
        left.exceptions == right.exceptions && left.comparable == right.comparable
    }

    public func hash(into hasher: inout Hasher) {
        hasher.combine(exceptions)
        hasher.combine(comparable)
    }

    private var comparable: [HostPolicy.Scheme: String] { values.mapValues { "\($0.variable)=\($0.text)" } }

    /// The proxy for an address, or nil when it is spoken to directly.
    func proxy(for address: WebAddress) throws(Unusable) -> Proxy? {
        guard let (variable, text) = values[address.scheme], !isException(address) else { return nil }
        return try Self.parse(text, variable)
    }

    private static func parse(_ text: String, _ variable: String) throws(Unusable) -> Proxy {
        var rest = text[...]
        var kind = Proxy.Kind.http
        if let scheme = text.firstRange(of: "://") {
            switch text[..<scheme.lowerBound].lowercased() {
            case "http": kind = .http
            case "socks5", "socks5h": kind = .socks
            case "https":
                throw Unusable(variable: variable, reason: "a proxy that itself wants TLS is not supported")
            default: throw Unusable(variable: variable, reason: "it is not an http:// or socks5:// address")
            }
            rest = rest[scheme.upperBound...]
        }
        rest = rest.prefix { $0 != "/" }
        var user: (String?, Secret?) = (nil, nil)
        if let at = rest.lastIndex(of: "@") {
            let parts = rest[..<at].split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
                .map { TokenRequest.unescape(String($0)) }
            user = (parts[0], Secret(parts.count > 1 ? parts[1] : ""))
            rest = rest[rest.index(after: at)...]
        }
        let host = HostPolicy.host(of: String(rest))
        let portText = rest.dropFirst(host.count).dropFirst()
        guard !host.isEmpty, let port = portText.isEmpty ? (kind == .http ? 80 : 1080) : UInt16(portText).map(Int.init)
        else { throw Unusable(variable: variable, reason: "it names no host and port") }
        return Proxy(
            kind: kind, host: host.filter { $0 != "[" && $0 != "]" }, port: port, username: user.0, password: user.1,
            variable: variable)
    }

    private func isException(_ address: WebAddress) -> Bool {
        if HostPolicy.isLoopback(address.authority) { return true }
        let host = HostPolicy.host(of: address.authority).lowercased()
        let port = address.authority.dropFirst(host.count).dropFirst()
        let effectivePort = port.isEmpty ? (address.scheme == .https ? "443" : "80") : String(port)
        return exceptions.contains { pattern in
            if pattern == "*" { return true }
            if let range = AddressRange(pattern) { return range.contains(host) }
            var name = HostPolicy.host(of: pattern)
            let wanted = pattern.dropFirst(name.count).dropFirst()
            guard wanted.isEmpty || wanted == effectivePort else { return false }
            if name.hasPrefix("*.") { name.removeFirst() }
            if name.hasPrefix(".") { return host.hasSuffix(name) }
            return host == name || host.hasSuffix("." + name) || host == "[\(name)]"
        }
    }
}

/// Addresses of IP version 4 that begin with the same bits, as in `10.0.0.0/8`.
struct AddressRange: Hashable, Sendable {
    private var network: UInt32
    private var mask: UInt32

    init?(_ text: String) {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count == 2, let address = Self.number(parts[0]), let bits = UInt8(parts[1]), bits <= 32 else {
            return nil
        }
        mask = bits == 0 ? 0 : ~UInt32(0) << (32 - UInt32(bits))
        network = address & mask
    }

    func contains(_ host: String) -> Bool { Self.number(host[...]).map { $0 & mask == network } ?? false }

    private static func number(_ text: Substring) -> UInt32? {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false).map { UInt8($0) }
        guard parts.count == 4 else { return nil }
        return parts.reduce(UInt32?(0)) { sum, part in
            guard let sum, let part else { return nil }
            return sum << 8 | UInt32(part)
        }
    }
}
