// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

/// What a test asks of the probe, as JSON on its standard input.
package struct ProbeRequest: Codable, Sendable {
    /// Layers, lowest first; none: `directory/root` is the root itself.
    package var lowers: [String] = []
    /// A directory of the test for upper, work and scratch directories.
    package var directory: String
    package var arguments: [String]
    package var environment: [String] = ["PATH=/bin"]
    package var workingDirectory = "/"
    /// As in `USER`, looked up in the layers.
    package var user = ""
    package var hostname = "probe"
    package var network = "host"
    package var mounts: [Mount] = []
    package var networkFiles = false
    /// Chooses personality and emulator.
    package var platform: String?
    /// How many runs, all at once.
    package var count = 1
    /// Threads that allocate all the while.
    package var busyThreads = 0
    /// Cancels after so many milliseconds.
    package var cancelAfter: Int?
    /// Mounts overlays as kernels before 6.5 need it.
    package var usesLegacyOverlay = false
    /// Prints the output while it comes instead of a result.
    package var isStreaming = false

    package struct Mount: Codable, Sendable {
        package var kind: String
        package var source = ""
        package var target: String
        package var isReadOnly = false

        package init(_ kind: String, source: String = "", target: String, isReadOnly: Bool = false) {
            self.kind = kind
            self.source = source
            self.target = target
            self.isReadOnly = isReadOnly
        }
    }

    package init(directory: String, lowers: [String], _ arguments: [String]) {
        self.directory = directory
        self.lowers = lowers
        self.arguments = arguments
    }
}

/// What the probe found, as JSON on its standard output.
package struct ProbeResult: Codable, Sendable {
    package var code: Int32?
    package var signal: Int32?
    package var output = ""
    package var errors = ""
    package var error: String?
    package var remedy: String?
    package var wasCancelled = false
    /// Paths in the upper directory after the run.
    package var upper: [String] = []
    /// Descriptors that this program has more than before.
    package var leakedDescriptors = 0
    /// Whether a child is left.
    package var hasChildren = false
    /// Of all runs: how many gave the same as the first.
    package var equalRuns = 0
    package var seconds = 0.0
    /// The handlers that the host has, seen from inside.
    package var uid: UInt32 = 0

    package init() {}
}
