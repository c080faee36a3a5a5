// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

package import OCI
package import SystemPackage

/// What takes the blobs of an OCI layout, in a directory or in a tar file.
package protocol LayoutSink {
    /// Adds a small blob.
    func put(_ bytes: [UInt8], as digest: Digest) throws

    /// Adds the bytes of a file, which were checked.
    func put(contentsOf file: FilePath, as blob: Descriptor) throws
}
