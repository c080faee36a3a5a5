// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

/// Sees the regular files of a layer while they are written or read for another purpose, so that nobody has to read a
/// layer a second time to know something of its files.
///
/// The calls for one file come in order, those for two files one after the other, all from the task that reads or writes.
/// What is observed of a layer that then proves to be damaged must be thrown away.
public protocol FileObserver: AnyObject {
    /// A file of ``TreeEntry/size`` bytes follows.
    func begin(_ file: TreeEntry)
    /// The file's next bytes, holes as zeros.
    func take(_ bytes: UnsafeRawBufferPointer)
    /// The file is over; its digest is known.
    func end(_ file: TreeEntry)
}
