// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

public import OCI

/// Something in an image that does not go with the platform that the image is for.
public struct AuditFinding: Sendable, Hashable {
    /// What is wrong.
    public enum Kind: String, Sendable, Hashable, Codable {
        /// A file is for another machine.
        case foreign
        /// A file is for a newer machine of the same architecture.
        case newer
        /// Some machines of the platform run it and others do not: 32-bit programs on 64-bit machines.
        case sister
        /// A program asks for a loader that the image does not have, or that is for another machine.
        case loader
        /// A script asks for an interpreter that the image does not have.
        case interpreter
        /// A library passes floating-point numbers in another way than the programs of the image.
        case floatABI = "float-abi"
        /// ENTRYPOINT or CMD names what the image does not have.
        case missing
        /// The program of ENTRYPOINT or CMD is nothing that a machine starts.
        case notProgram = "not-a-program"
        /// The config is for another platform than the list says.
        case config
    }

    public enum Severity: String, Sendable, Hashable, Codable {
        case warning, error
    }

    public let kind: Kind
    /// Where the file is, from the root; nil when the finding is about no file.
    public let path: String?
    /// `ENTRYPOINT` or `CMD` when it is the program that they start, or what that needs to be started.
    public let role: String?
    /// Whether it keeps the image's own program from starting.
    public let stopsProgram: Bool
    /// What it is and what the platform needs, to be read after the path: "is an x86-64 program for ...".
    public let sentence: String
    public let remedy: String?
    /// The layer that has the file.
    public let layer: LayerOrigin?
    /// What it amounts to.
    public internal(set) var severity = Severity.warning

    /// Where a layer comes from.
    public struct LayerOrigin: Sendable, Hashable {
        /// The digest of its tar.
        public let diffID: Digest
        /// What the image's history says of it.
        public let instruction: String?
        /// The Dockerfile line of that instruction, when this build made the layer.
        public let line: Int?

        package init(diffID: Digest, instruction: String?, line: Int? = nil) {
            self.diffID = diffID
            self.instruction = instruction
            self.line = line
        }
    }

    /// The Dockerfile line that it is about.
    public var line: Int? { layer?.line }
}

extension AuditFinding: CustomStringConvertible {
    /// `/app/server (ENTRYPOINT) is an x86-64 program for ..., which linux/arm64 does not run (layer 1a2b3c, of COPY ...)`
    public var description: String {
        let subject = path.map { "\($0)\(role.map { " (\($0))" } ?? "") " } ?? ""
        return subject + sentence + (layer.map { " (\($0))" } ?? "")
    }
}

extension AuditFinding.LayerOrigin: CustomStringConvertible {
    public var description: String {
        guard let instruction, !instruction.isEmpty else { return "layer \(diffID.short)" }
        let suffix = " # buildkit"
        let plain = instruction.hasSuffix(suffix) ? instruction.dropLast(suffix.count) : instruction[...]
        let short = plain.count > 100 ? plain.prefix(100) + "…" : plain
        return "layer \(diffID.short): \(short)"
    }
}
