// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import Layers
import OCI

/// One of the trees that an instruction copies from, and what it takes of it.
struct CopyInput: Sendable {
    let files: any CopySource
    let matches: [SourceSelection.Match]
    /// The digests of the files below the matches.
    let digests: [TreePath: Digest]
    /// Whether files that are archives are unpacked.
    let unpacksArchives: Bool
}
