// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

/// A set of capabilities (capabilities(7)), by their numbers in the kernel.
public struct Capabilities: OptionSet, Hashable, Sendable {
    /// The bits, as the kernel numbers them.
    public let rawValue: UInt64
    /// Makes a set of its bits.
    public init(rawValue: UInt64) { self.rawValue = rawValue }

    /// What Docker gives a container: moby's `oci/caps/defaults.go`.
    public static let containerDefault = Capabilities(numbered: [0, 1, 3, 4, 5, 6, 7, 8, 10, 13, 18, 27, 29, 31])

    /// Every one, those that this program does not know included.
    public static let all = Capabilities(rawValue: .max)

    private init(numbered numbers: [UInt64]) {
        self.init(rawValue: numbers.reduce(0) { $0 | 1 << $1 })
    }

    private static let names = [
        "chown", "dac_override", "dac_read_search", "fowner", "fsetid", "kill", "setgid", "setuid", "setpcap",
        "linux_immutable", "net_bind_service", "net_broadcast", "net_admin", "net_raw", "ipc_lock", "ipc_owner",
        "sys_module", "sys_rawio", "sys_chroot", "sys_ptrace", "sys_pacct", "sys_admin", "sys_boot", "sys_nice",
        "sys_resource", "sys_time", "sys_tty_config", "mknod", "lease", "audit_write", "audit_control", "setfcap",
    ]
}

extension Capabilities: CustomStringConvertible {
    /// The names, separated by commas.
    public var description: String {
        if self == .all { return "all" }
        let set = Self.names.indices.filter { rawValue >> UInt64($0) & 1 == 1 }.map { Self.names[$0] }
        return set.isEmpty ? "none" : set.joined(separator: ",")
    }
}
