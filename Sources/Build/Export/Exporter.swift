// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

public import Images
public import OCI

/// Where a build's result goes.
public protocol Exporter: Sendable {
    /// What a person reads while the export goes on, as in "push registry.example/app:1".
    var title: String { get }

    /// How the result is written down for this destination.
    var form: ImageForm { get }

    /// What becomes of the build when the export fails.
    var failureHandling: FailureHandling { get }

    /// Sees to it, before anything is built, that the export can succeed.
    func prepare() async throws

    /// Learns early of a layer that will be part of the result, so that its bytes can travel while the build goes on.
    ///
    /// - Parameter ensureBlob: brings a layer's blob into the store, if it is not there yet.
    func offer(_ layer: Layer, ensureBlob: @escaping @Sendable (Layer) async throws -> Void) async throws

    /// Brings the whole result to its destination, but for the last step: nobody sees it yet.
    ///
    /// - Returns: that last step; nothing is left behind when it is dropped instead of taken.
    func export(_ result: BuildResult, progress: @escaping @Sendable (Int64, Int64) -> Void) async throws -> Publication
}

extension Exporter {
    public var form: ImageForm { ImageForm() }

    public var failureHandling: FailureHandling { .endsBuild }

    public func prepare() async throws {}

    public func offer(_ layer: Layer, ensureBlob: @escaping @Sendable (Layer) async throws -> Void) async throws {}
}

/// What becomes of a build when one of its exports fails.
public enum FailureHandling: Sendable {
    /// It fails, and nothing is published.
    case endsBuild
    /// The other exports go on, and then it fails.
    case failsAtEnd
    /// It succeeds with a warning.
    case warns
}

/// The last step of an export, taken only when every export of a build has come as far.
public struct Publication: Sendable {
    /// Who sees what is published; what most people see is published last.
    public enum Reach: Int, Sendable, Comparable {
        case files, store, daemon, registry

        public static func < (left: Reach, right: Reach) -> Bool { left.rawValue < right.rawValue }
    }

    /// Where the result can be found then, for people.
    public let places: [String]
    /// The names of images that the result has there.
    public let names: [Reference]
    public let reach: Reach
    /// What a person reads while the step goes on; nil when it takes no time.
    public let title: String?
    /// What became of the blobs, and how long they travelled; nil where none is sent to a place that may have it.
    public let transfer: (tally: TransferTally, duration: Duration)?
    /// Takes the step.
    public let publish: @Sendable (_ progress: @escaping @Sendable (Int64, Int64) -> Void) async throws -> Void

    public init(
        places: [String], names: [Reference] = [], reach: Reach, title: String? = nil,
        transfer: (tally: TransferTally, duration: Duration)? = nil,
        publish: @escaping @Sendable (_ progress: @escaping @Sendable (Int64, Int64) -> Void) async throws -> Void
    ) {
        self.places = places
        self.names = names
        self.reach = reach
        self.title = title
        self.transfer = transfer
        self.publish = publish
    }
}
