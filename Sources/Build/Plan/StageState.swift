// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import Dockerfile
import OCI

/// A stage while it is planned: where its file system stands and what its image will say.
struct StageState {
    var vertex: Int
    let platform: Platform
    let base: BaseImage?
    /// What the image will say, but for the environment.
    var config: ContainerConfig
    /// What ENV has set: the image's environment. Apart from the config's list, since finding a name in that takes time
    /// for every variable that is there.
    var environment: Variables
    /// What RUN and expansion see: ENV and ARG in one list, the last instruction wins.
    var variables: Variables
    /// The ARGs with the values that RUN sees, in the order of their first declarations; empty where there is none.
    var arguments = Variables()
    var author: String?
    /// What this stage adds to the history of the stage that it starts from; all of it when it starts from an image.
    var history: [PlannedHistory]
    /// Whether CMD was set in this stage; ENTRYPOINT then keeps it.
    var setsCommand = false

    static let defaultPath = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

    /// What the image will say of how its containers start.
    var finishedConfig: ContainerConfig {
        var config = config
        config.env = environment.lines
        return config
    }

    var workingDirectory: String {
        guard let directory = config.workingDir, !directory.isEmpty else { return "/" }
        return Paths.resolve(directory, against: "/")
    }

    var shell: [String] { config.shell ?? ["/bin/sh", "-c"] }

    /// A stage that starts from nothing.
    init(scratch vertex: Int, platform: Platform) {
        self.vertex = vertex
        self.platform = platform
        self.base = nil
        self.config = ContainerConfig()
        self.config.workingDir = "/"
        self.environment = ["PATH": Self.defaultPath]
        self.variables = environment
        self.history = []
    }

    /// A stage that starts from an image.
    init(image: BaseImage, vertex: Int, platform: Platform) {
        self.vertex = vertex
        self.platform = platform
        self.base = image
        self.config = image.config.config ?? ContainerConfig()
        self.environment = Variables(lines: config.env ?? [])
        if environment["PATH"] == nil { environment["PATH"] = Self.defaultPath }
        // A base that names none keeps none, as with BuildKit.
        if let directory = config.workingDir, !directory.isEmpty {
            config.workingDir = Paths.resolve(directory, against: "/")
        }
        self.config.onBuild = nil
        self.author = image.config.author
        self.variables = environment
        self.history = Self.history(of: image).map { .inherited($0) }
    }

    /// What an image says of its making; readers count on an entry for every layer, so where some are missing they
    /// are added.
    private static func history(of image: BaseImage) -> [ImageConfig.History] {
        let history = image.config.history ?? []
        let missing = image.layers.count - history.count { $0.emptyLayer != true }
        let filler = ImageConfig.History(
            created: image.config.created, comment: "a layer of \(image.reference.familiar)")
        return history + Array(repeating: filler, count: max(0, missing))
    }

    /// A stage that starts from another stage.
    init(stage: StageState) {
        self = stage
        config.onBuild = nil
        history = []
        setsCommand = false
    }

    var historyContext: HistoryContext {
        HistoryContext(shell: shell, workingDirectory: workingDirectory, arguments: arguments)
    }

    /// Notes a step that made a layer.
    mutating func advance(to vertex: Int, createdBy: String?) {
        self.vertex = vertex
        history.append(.layer(vertex: vertex, createdBy: createdBy ?? ""))
    }
}
