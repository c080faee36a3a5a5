// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

public import OCI

/// What a build knows and the Dockerfile does not say; a rule that needs something missing finds nothing.
public struct LintContext: Sendable {
    /// Which stages count for rules about what a stage does.
    public enum Stages: Hashable, Sendable {
        /// All of them, as `--check` has it without `--target`.
        case all
        /// The target, the last stage when nil, and what it needs.
        case needed(by: String?)
    }

    /// A base image as it was resolved for one platform.
    public struct BaseImage: Hashable, Sendable {
        /// The platform that the stage wanted.
        public var expected: Platform
        /// The platform that the image has.
        public var actual: Platform
        /// `NAME=value` lines of its config; nil when the config was not read.
        public var environment: [String]?
        /// The `Shell` of its config.
        public var shell: [String]

        public init(expected: Platform, actual: Platform, environment: [String]? = nil, shell: [String] = []) {
            self.expected = expected
            self.actual = actual
            self.environment = environment
            self.shell = shell
        }
    }

    public var stages: Stages = .all
    /// `--build-arg`.
    public var buildArguments: Variables = [:]
    /// The platforms of the build; empty when they are not known.
    public var platforms: [Platform] = []
    /// The machine that builds.
    public var buildPlatform: Platform = .host
    /// The names of `--build-context`.
    public var namedContexts: Set<String> = []
    /// By the index of the stage that starts from it: the base image, once for each platform.
    public var baseImages: [Int: [BaseImage]] = [:]
    /// What the build context leaves out.
    public var ignorePatterns: IgnorePatterns?
    /// The text of the `__CROSS_` template that the Dockerfile was made from.
    public var template: String?

    public init() {}
}
