// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

/// What can be told of `host` or `host:port` as it is written.
package enum Authority {
    /// The host of an authority, an IPv6 address with its brackets.
    package static func host(of authority: String) -> String {
        if let end = authority.lastIndex(of: "]") { return String(authority[...end]) }
        return String(authority.prefix { $0 != ":" })
    }

    /// Whether an authority (host with or without port) is this machine: localhost, 127.0.0.0/8, [::1].
    package static func isLoopback(_ authority: String) -> Bool {
        let host = host(of: authority).lowercased()
        if host == "localhost" || host.hasSuffix(".localhost") || host == "[::1]" { return true }
        return AddressRange.bytes(of: host)?.first == 127 && !host.hasPrefix("[")
    }
}
