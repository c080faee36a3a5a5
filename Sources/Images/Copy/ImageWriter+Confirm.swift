// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import OCI

extension ImageWriter {
    /// Looks whether a name that was just moved was moved by somebody else, too.
    ///
    /// Two who look at a name at one moment both find what they expect, and the later one undoes what the earlier one
    /// did. The other one is done about as long after its own look as we were after ours, so that is waited for first.
    ///
    /// - Parameters:
    ///   - new: what the name stands for now, as far as we know.
    ///   - old: what it stood for before. A registry that still says so is only slow.
    ///   - start: when we looked.
    /// - Throws: ``ImagesError/overtaken(title:by:)``; a name that cannot be asked for is no error.
    func confirm(_ new: Digest, inPlaceOf old: Digest?, since start: ContinuousClock.Instant) async throws {
        let elapsed = start.duration(to: .now)
        try await Task.sleep(for: min(max(elapsed * 2, .milliseconds(20)), .seconds(2)))
        guard let current = try? await current(), current != new, current != old else { return }
        throw ImagesError.overtaken(title: title, by: current)
    }
}
