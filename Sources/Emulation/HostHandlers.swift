// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

public import SystemPackage

/// A handler of the host, as /proc/sys/fs/binfmt_misc shows it.
public struct HostHandler: Hashable, Sendable {
    /// Its name.
    public let name: String
    /// The program that it calls.
    public let interpreter: String
    /// Its flags, as in `POCF`.
    public let flags: String
    /// Whether it is in force.
    public let isEnabled: Bool
    let offset: Int
    let magic: [UInt8]
    let mask: [UInt8]

    /// Reads an entry's file; nil for one that is not by magic.
    public init?(name: String, text: String) {
        var fields: [Substring: Substring] = [:]
        let lines = text.split(whereSeparator: \.isNewline)
        for line in lines {
            let parts = line.split(separator: " ", maxSplits: 1)
            if parts.count == 2 { fields[parts[0]] = parts[1] }
        }
        guard let magic = fields["magic"].flatMap(Hexadecimal.bytes) else { return nil }
        self.name = name
        self.interpreter = String(fields["interpreter"] ?? "")
        self.flags = String(fields["flags:"] ?? "")
        self.isEnabled = lines.first == "enabled"
        self.offset = fields["offset"].flatMap { Int($0) } ?? 0
        self.magic = magic
        self.mask = fields["mask"].flatMap(Hexadecimal.bytes) ?? [UInt8](repeating: 0xff, count: magic.count)
    }

    /// Whether this handler takes programs of `target` and works inside a root file system that lacks QEMU.
    public func runs(_ target: EmulatorTarget) -> Bool { isEnabled && flags.contains("F") && takes(target) }

    /// Whether this handler takes programs of `target`, by any of its machine's numbers, when it is in force.
    public func takes(_ target: EmulatorTarget) -> Bool { target.handlers.contains { takes($0) } }

    /// Whether this handler takes the programs that `handler` is for.
    public func takes(_ handler: EmulatorTarget.Handler) -> Bool {
        guard offset == 0 else { return false }
        // A program's beginning, zero after what the handler's magic says of it.
        let wanted = handler.magic
        return zip(magic, mask).enumerated().allSatisfy { index, pair in
            let byte = index < wanted.count ? wanted[index] : 0
            return byte & pair.1 == pair.0 & pair.1
        }
    }
}

/// The handlers that the host has.
public enum HostHandlers {
    /// Reads the list; empty where binfmt_misc is not mounted.
    public static func current(in directory: FilePath = "/proc/sys/fs/binfmt_misc") -> [HostHandler] {
        HostFile.names(in: directory).compactMap { name in
            guard name != "register", name != "status",
                let bytes = HostFile.beginning(of: directory.appending(name), count: 4096)
            else { return nil }
            return HostHandler(name: name, text: String(decoding: bytes, as: UTF8.self))
        }
    }
}
