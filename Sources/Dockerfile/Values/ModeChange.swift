// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

/// What `--chmod` does to the permission bits of a file: sets them all, or changes some, as chmod(1).
public struct ModeChange: Hashable, Sendable {
    fileprivate enum Form: Hashable, Sendable {
        case absolute(UInt32)
        case clauses([Clause])
    }

    /// One `who op permissions`.
    fileprivate struct Clause: Hashable, Sendable {
        /// The bits that may be touched.
        var who: UInt32
        var operation: Unicode.Scalar
        var bits: UInt32 = 0
        /// `X`: execution for directories, and for files that somebody may execute.
        var conditionalExecution = false
        /// `u`, `g`, `o`: the bits of another class.
        var copied: [Unicode.Scalar] = []
        var sticky = false
    }

    private let form: Form
    /// The text it was made from.
    public let text: String

    /// Reads an octal mode up to 07777 or symbolic clauses such as `u=rwX,go=rX`.
    ///
    /// - Throws: ``DockerfileError`` without lines.
    public init(_ text: String) throws(DockerfileError) {
        self.text = text
        if let first = text.unicodeScalars.first, first.isASCIIDigit {
            guard text.unicodeScalars.allSatisfy({ ("0"..."7").contains($0) }), let mode = UInt32(text, radix: 8),
                mode <= 0o7777
            else { throw Self.invalid(text) }
            form = .absolute(mode)
        } else {
            form = .clauses(try Self.clauses(text))
        }
    }

    /// The mode when it is the same for every file.
    public var absolute: UInt32? {
        if case .absolute(let mode) = form { mode } else { nil }
    }

    /// The permission bits (07777) of a file that had `mode`.
    public func applied(to mode: UInt32, isDirectory: Bool) -> UInt32 {
        switch form {
        case .absolute(let mode): return mode
        case .clauses(let clauses):
            let original = mode & 0o7777
            return clauses.reduce(original) { $1.applied(to: $0, original: original, isDirectory: isDirectory) }
        }
    }

    private static func invalid(_ text: String) -> DockerfileError {
        DockerfileError(
            "invalid chmod parameter: '\(text)'. it should be octal string and between 0 and 07777, "
                + "or symbolic as in u=rwX,go=rX",
            culprit: text)
    }

    private static let classes: [Unicode.Scalar: UInt32] = ["u": 0o4700, "g": 0o2070, "o": 0o0007, "a": 0o6777]

    private static func clauses(_ text: String) throws(DockerfileError) -> [Clause] {
        var clauses: [Clause] = []
        for part in text.unicodeScalars.split(separator: ",", omittingEmptySubsequences: false) {
            var rest = part
            var who: UInt32 = 0
            var mayStick = true
            var named = false
            while let scalar = rest.first, let bits = classes[scalar] {
                if !named { mayStick = false }
                named = true
                if scalar != "o" { mayStick = true }
                who |= bits
                rest.removeFirst()
            }
            if !named { who = 0o6777 }
            guard let first = rest.first, "+-=".unicodeScalars.contains(first) else { throw invalid(text) }
            while let operation = rest.first, "+-=".unicodeScalars.contains(operation) {
                rest.removeFirst()
                var clause = Clause(who: who, operation: operation)
                while let scalar = rest.first, !"+-=".unicodeScalars.contains(scalar) {
                    switch scalar {
                    case "r": clause.bits |= 0o444
                    case "w": clause.bits |= 0o222
                    case "x": clause.bits |= 0o111
                    case "X": clause.conditionalExecution = true
                    case "s": clause.bits |= 0o6000
                    case "t": clause.sticky = mayStick
                    case "u", "g", "o": clause.copied.append(scalar)
                    default: throw invalid(text)
                    }
                    rest.removeFirst()
                }
                clauses.append(clause)
            }
        }
        return clauses
    }
}

extension ModeChange.Clause {
    fileprivate func applied(to mode: UInt32, original: UInt32, isDirectory: Bool) -> UInt32 {
        var value = bits
        if conditionalExecution, isDirectory || original & 0o111 != 0 { value |= 0o111 }
        for source in copied {
            let shift: UInt32 = source == "u" ? 6 : source == "g" ? 3 : 0
            let permissions = mode >> shift & 7
            value |= permissions << 6 | permissions << 3 | permissions
        }
        value &= who
        if sticky { value |= 0o1000 }
        switch operation {
        case "+": return mode | value
        case "-": return mode & ~value
        default: return mode & ~(who | (sticky ? 0o1000 : 0)) | value
        }
    }
}
