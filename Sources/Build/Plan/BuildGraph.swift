// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

public import Dockerfile
public import OCI
public import Sandbox

/// Everything that has to be done for all platforms: steps, each after the steps that it needs.
///
/// A graph is a value: it can be printed, compared and tested without running anything. Equal steps of different
/// platforms and stages are one vertex.
public struct BuildGraph: Sendable {
    /// The steps; a vertex's inputs come before it.
    public internal(set) var vertices: [Vertex] = []
    /// The images to make, in the order of the platforms asked for.
    public internal(set) var images: [PlannedImage] = []

    /// One step.
    public struct Vertex: Sendable, Identifiable {
        /// The vertex's place in ``BuildGraph/vertices``.
        public let id: Int
        /// What is done.
        public let operation: Operation
        /// The vertex whose file system this one starts from; nil for bases.
        public let parent: Int?
        /// The vertices whose file systems are read: what COPY copies from, what RUN mounts.
        public let sources: [Int]
        /// How a person sees it.
        public internal(set) var step: BuildStep
        /// Whether the layer is part of an image that is made, and not only of a stage that is copied from.
        public internal(set) var isInImage = false
        /// Whether an earlier result may be used.
        public let cachePolicy: CachePolicy

        /// The vertices that must be done before.
        public var inputs: [Int] { (parent.map { [$0] } ?? []) + sources }
    }

    /// What a vertex does.
    public enum Operation: Sendable, Hashable {
        /// Starts from nothing.
        case scratch
        /// Starts from an image that was made before.
        case base(BaseImage)
        /// The files of a named context, for others to copy from.
        case files(ContextDirectory)
        case run(RunOperation)
        case copy(CopyOperation)
        /// Gets something from the network, for others to copy from.
        case fetch(FetchOperation)
        case makeDirectory(WorkdirOperation)
    }
}

extension BuildGraph {
    /// Gives the steps the numbers by which people know them.
    mutating func numberSteps(from first: Int) {
        for index in vertices.indices {
            let step = vertices[index].step
            vertices[index].step = BuildStep(
                id: first + index, platforms: step.platforms, stage: step.stage, position: step.position,
                title: step.title, lines: step.lines, culprit: step.culprit)
        }
    }

    /// Some vertices and all that need what they give.
    func dependants(of vertices: Set<Int>) -> Set<Int> {
        var found = vertices
        for vertex in self.vertices where vertex.inputs.contains(where: found.contains) { found.insert(vertex.id) }
        return found
    }

    /// The vertices that the images for some platforms are made of.
    package func vertices(for platforms: [Platform]) -> Set<Int> {
        var found = Set(images.filter { platforms.contains($0.target) }.map(\.vertex))
        for vertex in vertices.reversed() where found.contains(vertex.id) { found.formUnion(vertex.inputs) }
        return found
    }

    /// The platforms whose images need what a vertex gives.
    package func platforms(needing vertex: Int) -> [Platform] {
        let affected = dependants(of: [vertex])
        return images.filter { affected.contains($0.vertex) }.map(\.target)
    }

    /// The same with the images for some platforms only.
    func keeping(_ platforms: [Platform]) -> BuildGraph {
        var graph = self
        graph.images.removeAll { !platforms.contains($0.target) }
        return graph
    }

    /// For whom the layers of base images are pulled, by their blobs.
    var platformsOfBaseLayers: [Digest: [Platform]] {
        var platforms: [Digest: [Platform]] = [:]
        for vertex in vertices {
            guard case .base(let image) = vertex.operation else { continue }
            for layer in image.layers {
                for platform in vertex.step.platforms where platforms[layer.blob.digest]?.contains(platform) != true {
                    platforms[layer.blob.digest, default: []].append(platform)
                }
            }
        }
        return platforms
    }
}

/// Whether a step may take an earlier result.
public enum CachePolicy: Sendable, Hashable {
    case use
    /// Do the work again and replace what was remembered.
    case refresh
}

/// A RUN instruction with everything decided.
public struct RunOperation: Sendable, Hashable {
    /// The program and its arguments.
    public var arguments: [String]
    /// The whole environment.
    public var environment: [String]
    /// An absolute path; made when it is missing.
    public var workingDirectory: String
    /// `user[:group]` by name or number as USER has it; empty for root.
    public var user: String
    public var network: NetworkMode
    /// The platform that the command runs on.
    public var platform: Platform
    /// Scripts from heredocs that are put below /dev/pipes, by name.
    public var scripts: [InlineFile]
    /// Variables that the command sees besides but that are no part of what the step is.
    public var proxies: [String]
    /// What is mounted while the command runs.
    public var mounts: [StepMount] = []
    public var hostname: String
    /// The settings of the build, without what this step may not have.
    public var settings = RunSettings()
    public var confinement = Confinement.container

    public static func == (left: RunOperation, right: RunOperation) -> Bool { left.identity == right.identity }

    public func hash(into hasher: inout Hasher) { hasher.combine(identity) }

    /// Everything that decides what the step does.
    var identity: [[String]] {
        [
            arguments, environment, [workingDirectory, user, network.rawValue, platform.description],
            scripts.flatMap { [$0.name, $0.content] }, mounts.map(\.layout),
            [hostname, confinement.rawValue, settings.sharedMemory.map(String.init) ?? ""],
            settings.hosts.map(\.name),
            settings.limits.map { "\($0.resource.rawValue) \($0.soft) \($0.hard)" },
        ]
    }
}

/// A file whose content stands in the Dockerfile.
public struct InlineFile: Sendable, Hashable {
    public var name: String
    public var content: String

    package init(name: String, content: String) {
        self.name = name
        self.content = content
    }
}

/// A COPY or ADD instruction with everything decided but the files' content.
public struct CopyOperation: Sendable, Hashable {
    /// COPY or ADD, for messages.
    public var keyword: String
    /// What is copied, in the order of the instruction.
    public var sources: [Source]
    public var files: [InlineFile]
    /// An absolute path; a trailing slash says that it is a directory.
    public var destination: String
    /// `user[:group]` by name or number; nil keeps what the source has (0:0 for the build context).
    public var owner: String?
    /// What --chmod asks for; nil keeps what the source has.
    public var mode: ModeChange?
    /// Patterns of paths below each source that stay out.
    public var excludes: [String]
    /// Whether the layer is made without looking at what is below it (--link).
    public var isIndependent: Bool
    /// Whether archives among the paths are unpacked (ADD).
    public var unpacksArchives = false
    /// Whether archives among the downloads are unpacked (ADD --unpack).
    public var unpacksDownloads = false
    /// What becomes of the directories that a source lies in (--parents).
    public var parents = Parents.dropped

    /// Something that is copied.
    public enum Source: Sendable, Hashable {
        /// A path or a wildcard below the root of the context, or of the stage that is copied from.
        case path(String)
        /// What the n-th of the vertex's sources fetched.
        case fetched(Int)
    }

    /// What becomes of the directories that a source lies in.
    public enum Parents: Sendable, Hashable {
        case dropped
        /// They are made in the destination, from the source's root or its `/./` on.
        case kept
    }

    package init(
        keyword: String = "COPY", sources: [String], files: [InlineFile] = [], destination: String,
        owner: String? = nil, mode: ModeChange? = nil, excludes: [String] = [], isIndependent: Bool = false
    ) {
        self.keyword = keyword
        self.sources = sources.map { .path($0) }
        self.files = files
        self.destination = destination
        self.owner = owner
        self.mode = mode
        self.excludes = excludes
        self.isIndependent = isIndependent
    }
}

/// The directory that a WORKDIR instruction makes.
public struct WorkdirOperation: Sendable, Hashable {
    /// An absolute, clean path.
    public var path: String
    /// The owner of what is made, as USER has it.
    public var user: String
}

/// An image that will be made of a vertex's layers.
public struct PlannedImage: Sendable {
    /// The platform that was asked for.
    public let target: Platform
    /// The platform that the image is for: that of its last stage.
    public let platform: Platform
    /// The vertex whose file system the image has.
    public let vertex: Int
    /// The image that the stage started from; nil for scratch.
    public let base: BaseImage?
    /// The config without layers, history and times.
    public let config: ContainerConfig
    public let author: String?
    public let history: [PlannedHistory]
}

/// An entry of an image's history, in the order of the Dockerfile.
public enum PlannedHistory: Sendable, Hashable {
    /// What the base image says of itself.
    case inherited(ImageConfig.History)
    /// A step that made a layer.
    case layer(vertex: Int, createdBy: String)
    /// A step that changed only the config.
    case metadata(createdBy: String)
}
