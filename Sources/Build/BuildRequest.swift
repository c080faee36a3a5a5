// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

public import OCI
public import Sandbox
public import SystemPackage

/// What is to be built, as the command line or another program asks for it.
public struct BuildRequest: Sendable {
    /// The directory that COPY and ADD read from.
    public var context: FilePath
    /// How people know the context, when the path is not what they named.
    public var contextTitle: String?
    /// Names for files and images that go before stages and images of the same names.
    public var contexts: [NamedContext] = []
    /// What stands for images that the Dockerfile names; the first rule that is for an image counts.
    public var baseRules: [BaseRule] = []
    /// Where the Dockerfile is.
    public var dockerfile: DockerfileOrigin = .standard
    /// What the build itself writes: none of it is part of a context.
    public var products: [FilePath] = []
    /// The platforms to build for, in the order of the index.
    public var platforms: [Platform]
    /// Values for ARG; they win over defaults.
    public var buildArguments: [String: String] = [:]
    /// The stage to build, by name or number; nil for the last.
    public var target: String?
    /// Labels on top of the Dockerfile's.
    public var labels: [String: String] = [:]
    /// The names of the result.
    public var tags: [Reference] = []
    /// Whether steps may take earlier results.
    public var cachePolicy: CachePolicy = .use
    /// Stages, by name or number, whose steps take no earlier results.
    public var uncachedStages: [String] = []
    /// The network of RUN steps that do not choose one.
    public var network: NetworkMode = .host
    /// What else RUN steps are to have.
    public var runSettings = RunSettings()
    /// The time that stands for now in what is made.
    public var epoch: SourceEpoch?
    /// What RUN steps may be lent.
    public var secrets = BuildSecrets()
    /// What has to succeed in the finished images before they are published.
    public var tests = SmokeTests()
    /// What the audit of the finished images makes of what it finds.
    public var audit = AuditPolicy()
    /// How many steps may run side by side; nil for as many as there are processors.
    public var parallelism: Int?
    /// The bytes of memory that the commands of RUN steps may be expected to need together; nil for what is free.
    public var memory: Int64?
    /// The machine that the build runs on; nil for the one that it is.
    package var machine: JobBudget.Machine?
    /// How long steps may take.
    public var times = TimeSettings()
    /// What becomes of the build when one of the platforms fails.
    public var failurePolicy = FailurePolicy()

    public init(context: FilePath, platforms: [Platform]) {
        self.context = context
        self.platforms = platforms
    }
}

/// Where a Dockerfile is.
public enum DockerfileOrigin: Sendable, Hashable {
    /// `Dockerfile`, or else `dockerfile`, at the context's top.
    case standard
    /// A file of this machine.
    case file(FilePath)
    /// A file of the context by its path in it, from which no link leads out.
    case inContext(String)
    /// A text from elsewhere, and what people call it.
    case text([UInt8], name: String)
}

/// The time that stands for "now" in images, so that equal inputs give equal bytes
/// (reproducible-builds.org, SOURCE_DATE_EPOCH).
public struct SourceEpoch: Sendable, Hashable {
    /// Seconds since 1970.
    public var seconds: Int64
    /// Who chose it.
    public var origin: Origin

    public enum Origin: Sendable, Hashable {
        /// The user: layers made under another epoch are not reused, so that the bytes depend on the inputs alone.
        case explicit
        /// The commit that is checked out: layers of earlier commits are reused, or else every commit would make
        /// all layers anew.
        case commit
    }

    public init(seconds: Int64, origin: Origin) {
        self.seconds = seconds
        self.origin = origin
    }
}
