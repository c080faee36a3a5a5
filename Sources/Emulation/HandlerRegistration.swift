// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

/// What the kernel is told of a handler (Documentation/admin-guide/binfmt-misc.rst).
public struct HandlerRegistration: Hashable, Sendable {
    /// The entry's name.
    public let name: String
    /// The program that runs programs of this kind.
    public let interpreter: String
    /// The flags, as in `POCF`.
    public let flags: String
    private let magic: [UInt8]
    private let mask: [UInt8]

    /// - Parameter name: nil for the handler's own name.
    public init(_ handler: EmulatorTarget.Handler, name: String? = nil, interpreter: String, flags: String) {
        self.name = name ?? handler.name
        self.interpreter = interpreter
        self.flags = flags
        magic = handler.magic
        mask = handler.mask
    }

    /// The line to be written to `register`, as it also stands in files of binfmt.d(5), with its line break.
    public var line: String {
        // The first character is the delimiter, and a path may have a colon.
        let delimiter = interpreter.contains(":") ? "\t" : ":"
        let fields = ["", name, "M", "0", Self.escaped(magic), Self.escaped(mask), interpreter, flags]
        return fields.joined(separator: delimiter) + "\n"
    }

    /// Whether the host's entry is for the same programs.
    func isSame(as handler: HostHandler) -> Bool {
        handler.offset == 0 && handler.magic == zip(magic, mask).map { $0 & $1 } && handler.mask == mask
            || handler.offset == 0 && handler.magic == magic && handler.mask == mask
    }

    private static func escaped(_ bytes: [UInt8]) -> String {
        bytes.map { byte in
            let digits = String(byte, radix: 16)
            return "\\x" + (digits.count == 1 ? "0" : "") + digits
        }.joined()
    }
}
