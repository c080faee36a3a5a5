// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

/// The smallest program of a target that proves that the target's programs run here.
///
/// It writes ``word`` and ends with the lowest eight bits of its effective user id as its status, so that it also
/// shows whether the set-user-id bit has its effect.
public struct ProbeProgram: Hashable, Sendable {
    /// What the program is for, in QEMU's spelling.
    public let target: String
    /// The ELF file.
    public let bytes: [UInt8]

    /// What every probe writes to its standard output, with the line's end.
    public static let word = "manifold probe\n"

    /// The program for `target`; nil for a target that nobody has made one for.
    public init?(for target: EmulatorTarget) {
        guard let digits = Self.digits[target.target], let bytes = Hexadecimal.bytes(digits) else { return nil }
        self.target = target.target
        self.bytes = bytes
    }
}
