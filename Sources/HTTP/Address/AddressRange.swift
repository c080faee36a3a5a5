// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import Glibc

/// Addresses that begin with the same bits, as in `10.0.0.0/8` or `fd00::/8`.
package struct AddressRange: Hashable, Sendable {
    private var network: [UInt8]
    private var length: Int

    /// Nil when the text is no range.
    package init?(_ text: String) {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count == 2, let network = Self.bytes(of: String(parts[0])), let length = Int(parts[1]),
            (0...network.count * 8).contains(length)
        else { return nil }
        self.network = network
        self.length = length
    }

    /// Whether a host is written as one of the addresses; names are not looked up.
    package func contains(_ host: String) -> Bool { Self.bytes(of: host).map(contains) ?? false }

    func contains(_ address: [UInt8]) -> Bool {
        guard address.count == network.count else { return false }
        let (whole, rest) = length.quotientAndRemainder(dividingBy: 8)
        guard address[..<whole] == network[..<whole] else { return false }
        return rest == 0 || (address[whole] ^ network[whole]) >> UInt8(8 - rest) == 0
    }

    /// The 4 or 16 bytes of an address, which may stand in brackets; nil for a name.
    static func bytes(of host: String) -> [UInt8]? {
        let text = host.hasPrefix("[") && host.hasSuffix("]") ? String(host.dropFirst().dropLast()) : host
        let isLong = text.utf8.contains(UInt8(ascii: ":"))
        var bytes = [UInt8](repeating: 0, count: isLong ? 16 : 4)
        return inet_pton(isLong ? AF_INET6 : AF_INET, text, &bytes) == 1 ? bytes : nil
    }
}
