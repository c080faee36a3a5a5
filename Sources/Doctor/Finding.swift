// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

/// What a check found.
public struct Finding: Codable, Hashable, Sendable {
    /// How bad it is.
    public enum Status: String, Codable, Hashable, Sendable, CaseIterable {
        /// It works, and that was proven.
        case ok
        /// Something to know that is no trouble.
        case note
        /// Something does not work that not every build needs.
        case warning
        /// Builds fail because of it.
        case failure
    }

    /// A command that mends something.
    public struct Command: Codable, Hashable, Sendable {
        public let text: String
        /// Whether root has to run it; the text then says how.
        public let needsRoot: Bool

        public init(_ text: String, needsRoot: Bool) {
            self.text = text
            self.needsRoot = needsRoot
        }
    }

    /// Which check it is of; a word for programs that stays as it is.
    public let check: String
    public var status: Status
    /// What it is about, in a few words.
    public let subject: String
    /// What was found, one sentence without a full stop.
    public let sentence: String
    /// What to do about it, when there is more to say than the commands do.
    public var advice: String?
    /// What mends it.
    public var commands: [Command]
    /// The platform that it is about, as in `linux/arm64`.
    public var platform: String?
    /// What runs that platform's programs: `native`, or the emulator with its version; nil when nothing does.
    public var runs: String?

    public init(
        _ check: String, _ status: Status, _ subject: String, _ sentence: String, advice: String? = nil,
        commands: [Command] = [], platform: String? = nil, runs: String? = nil
    ) {
        self.check = check
        self.status = status
        self.subject = subject
        self.sentence = sentence
        self.advice = advice
        self.commands = commands
        self.platform = platform
        self.runs = runs
    }
}

/// One thing that a build needs, or may need.
public protocol Check: Sendable {
    /// Looks, and tries where that is possible.
    func findings() async -> [Finding]
}
