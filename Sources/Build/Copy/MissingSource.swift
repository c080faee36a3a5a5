// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import Dockerfile
import Layers
import OCI

/// What can be said of a source that is not there.
struct MissingSource {
    /// The path as the Dockerfile has it.
    let path: String
    let files: any CopySource

    /// Why it is not there, or what there is instead.
    var error: CopyError {
        if files.isLeftOut(path) { return .ignored(path) }
        return .missing(path, place: (files as? ContextSource)?.context.directory.name, suggestion: suggestion)
    }

    /// The path with its first part that is not there spelt like something that is.
    private var suggestion: String? {
        let parts = Paths.clean("/" + path).split(separator: "/").map(String.init)
        var directory = TreePath.root
        for (index, part) in parts.enumerated() {
            guard let next = try? directory.appending(TreePath(part)) else { return nil }
            if let found = try? files.tree.resolve(next).found?.entry {
                directory = found.path
                continue
            }
            let children = files.tree.children(of: directory)
            let names = children.compactMap { String(validating: $0.path.name, as: UTF8.self) }
            let sameLetters = names.first { $0.lowercased() == part.lowercased() }
            guard let name = sameLetters ?? Spelling.nearest(to: part, among: names) else { return nil }
            return (parts[..<index] + [name] + parts[(index + 1)...]).joined(separator: "/")
        }
        return nil
    }
}
