// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

/// How long the RUN steps of an image took in one build, each from its start to the layer that it made. Steps may have
/// run side by side.
public struct RunTime: Sendable, Hashable {
    /// The steps whose commands ran on this machine as it is; nil when there were none.
    public var native: Duration?
    /// The steps whose commands ran under an emulator; nil when there were none.
    public var emulated: Duration?
    /// How many steps took an earlier result.
    public var cachedCount = 0

    public init(native: Duration? = nil, emulated: Duration? = nil, cachedCount: Int = 0) {
        self.native = native
        self.emulated = emulated
        self.cachedCount = cachedCount
    }
}
