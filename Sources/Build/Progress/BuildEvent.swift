// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

public import Images
public import OCI

/// What a build tells while it goes on; flows out beside the work and never back into it.
public enum BuildEvent: Sendable {
    /// The plan is made: how many steps there are, over all platforms.
    case planned(stepCount: Int)
    /// Work on a step begins; every started step finishes exactly once.
    case started(BuildStep, at: ContinuousClock.Instant)
    /// A running step printed something: raw bytes, not necessarily whole lines or valid UTF-8.
    case output(step: BuildStep.ID, stream: OutputStream, bytes: [UInt8])
    /// How far a step that moves bytes has come; `total` is nil while unknown.
    case progressed(step: BuildStep.ID, completed: Int64, total: Int64?)
    /// What became of the blobs that a step sent, and the time that it took to send them.
    case transferred(step: BuildStep.ID, TransferTally, Duration)
    /// A running step has printed nothing for a while.
    case silent(step: BuildStep.ID, StepSilence)
    /// A step ended.
    case finished(step: BuildStep.ID, outcome: Outcome, at: ContinuousClock.Instant)
    /// Something the user should know that is no failure.
    case warning(BuildWarning)
    /// The build is over and this is what it made; sent only on success, after all steps.
    case completed(BuildSummary)

    /// Where a step's output came from.
    public enum OutputStream: String, Sendable, Codable {
        case stdout, stderr
    }

    /// How a step ended.
    public enum Outcome: Sendable, Hashable {
        /// The work was done.
        case done
        /// The result was there already.
        case cached
        /// It failed; the sentence is for people.
        case failed(String)
        /// It was stopped because something else failed or the user interrupted.
        case cancelled
    }
}

/// One piece of work in a build, as a person sees it.
public struct BuildStep: Sendable, Hashable, Identifiable {
    /// Unique within a build, from 1: what came before the plan, then the plan in its order, then what came up besides.
    public let id: Int
    /// The platforms that share this step; empty for work that belongs to none, as reading the build context.
    public let platforms: [Platform]
    /// The stage's name, or its number when it has none; nil for work outside stages.
    public let stage: String?
    /// The step's place among the steps of its stage, as in "2/5"; nil for work outside stages.
    public let position: Position?
    /// What is done: the instruction as the Dockerfile has it, or a phrase such as "push 127.0.0.1:5000/demo:1".
    public let title: String
    /// The Dockerfile lines of the instruction, first to last, counted from 1.
    public let lines: ClosedRange<Int>?
    /// The part of those lines that the step is about, when it is not all of them.
    public let culprit: String?

    /// The n-th of m.
    public struct Position: Sendable, Hashable {
        public let number: Int
        public let count: Int

        public init(number: Int, count: Int) {
            self.number = number
            self.count = count
        }
    }

    public init(
        id: Int, platforms: [Platform], stage: String? = nil, position: Position? = nil, title: String,
        lines: ClosedRange<Int>? = nil, culprit: String? = nil
    ) {
        self.id = id
        self.platforms = platforms
        self.stage = stage
        self.position = position
        self.title = title
        self.lines = lines
        self.culprit = culprit
    }
}

/// A remark on the Dockerfile or on how the build goes.
public struct BuildWarning: Sendable, Hashable {
    public let message: String
    /// The Dockerfile line, counted from 1, when the remark is about one.
    public let line: Int?
    /// The lint rule that found it, and where to read about the rule.
    public let rule: Rule?

    /// A lint rule as a person sees it.
    public struct Rule: Sendable, Hashable {
        public let name: String
        /// An address, or the page in this project.
        public let page: String

        public init(name: String, page: String) {
            self.name = name
            self.page = page
        }
    }

    public init(_ message: String, line: Int? = nil, rule: Rule? = nil) {
        self.message = message
        self.line = line
        self.rule = rule
    }
}

/// What a build made.
public struct BuildSummary: Sendable {
    /// One platform's image.
    public struct Image: Sendable {
        public let platform: Platform
        /// The manifest's digest.
        public let digest: Digest
        /// The bytes of all layers as stored, compressed.
        public let size: Int64
        /// The manifest as an index has it.
        public let descriptor: Descriptor?
        /// How many tests the image has passed; nil when there were none.
        public var passedTests: Int?
        /// How long the RUN steps took that are of this platform alone; nil when there were none.
        public var runTime: RunTime?
        /// What the audit of its files came to.
        public internal(set) var audit = AuditOutcome.off

        public init(platform: Platform, digest: Digest, size: Int64, descriptor: Descriptor? = nil) {
            self.platform = platform
            self.digest = digest
            self.size = size
            self.descriptor = descriptor
        }
    }

    /// The digest of what the name points to: the index, or the only manifest.
    public let digest: Digest
    /// The images, in the order of `--platform`.
    public private(set) var images: [Image]
    /// Everywhere that the result can be found: names that were published, files, directories.
    public let names: [String]
    /// What the name points to, with its annotations.
    public let descriptor: Descriptor?
    /// The digest of the config, which is the image's ID to Docker; nil when there are several.
    public let config: Digest?
    /// The names of images among ``names``, normalised.
    public let references: [String]
    /// The images as they are in registries, whose manifests may be others than those of ``images``; empty when nothing
    /// was pushed.
    public let pushed: [Image]
    /// How long the RUN steps took that several platforms share, each counted once; nil when there were none.
    public var sharedRunTime: RunTime?
    /// The platforms that failed and that the result is made without, as they are optional.
    public internal(set) var failed: [FailedPlatform] = []

    public init(
        digest: Digest, images: [Image], names: [String], descriptor: Descriptor? = nil, config: Digest? = nil,
        references: [String] = [], pushed: [Image] = []
    ) {
        self.digest = digest
        self.images = images
        self.names = names
        self.descriptor = descriptor
        self.config = config
        self.references = references
        self.pushed = pushed
    }

    /// Adds to what is said of each image.
    ///
    /// - Parameter targets: the platforms that were asked for, in the images' order.
    mutating func note(zip targets: [Platform], _ change: (inout Image, Platform) -> Void) {
        for (index, target) in Swift.zip(images.indices, targets) { change(&images[index], target) }
    }
}
