// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

/// An entry of NO_PROXY: `example.com` with all below it, `.example.com` or `*.example.com` only what is below it, an
/// address, a range such as `10.0.0.0/8`, each with a port where only that is meant, or `*`.
struct ProxyException: Hashable, Sendable {
    private enum Place: Hashable {
        case everything
        case range(AddressRange)
        case address([UInt8])
        case name(String)
        case below(String)
    }

    private var place: Place
    private var port: Int?

    /// Nil for an entry that can cover nothing.
    init?(_ text: String) {
        // An address of IP version 6 has colons of its own, and brackets where a port follows.
        let isLong = !text.hasPrefix("[") && text.utf8.count { $0 == UInt8(ascii: ":") } > 1
        let host = isLong ? text : Authority.host(of: text)
        let rest = text.dropFirst(host.count)
        if !rest.isEmpty {
            guard rest.first == ":", let number = UInt16(rest.dropFirst()) else { return nil }
            port = Int(number)
        }
        let name = host.lowercased()
        if name == "*" {
            place = .everything
        } else if let range = AddressRange(name) {
            place = .range(range)
        } else if let bytes = AddressRange.bytes(of: name) {
            place = .address(bytes)
        } else if let dot = [".", "*."].first(where: name.hasPrefix) {
            place = .below("." + name.dropFirst(dot.count))
        } else {
            place = .name(name)
        }
    }

    /// Whether an address is spoken to directly for this entry's sake.
    func covers(_ url: WebURL) -> Bool {
        guard port == nil || port == url.effectivePort else { return false }
        return switch place {
        case .everything: true
        case .range(let range): range.contains(url.host)
        case .address(let bytes): AddressRange.bytes(of: url.host) == bytes
        case .name(let name): url.host == name || url.host.hasSuffix("." + name)
        case .below(let suffix): url.host.hasSuffix(suffix)
        }
    }
}
