// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

public import SystemPackage

/// A directory of this machine that files are copied from.
public struct ContextDirectory: Sendable, Hashable {
    /// Where it is.
    public var path: FilePath
    /// How people know it when the path is not what they named, as for a repository that was fetched.
    public var title: String?

    public init(_ path: FilePath, title: String? = nil) {
        self.path = path
        self.title = title
    }

    /// Whether the directory is one of ours, made for this build alone.
    var isTemporary: Bool { title != nil }

    /// What people call the directory.
    public var name: String { title ?? path.string }

    /// What people call something in the directory.
    func name(of path: FilePath) -> String {
        guard let title, path.string.hasPrefix(self.path.string) else { return path.string }
        let rest = path.string.dropFirst(self.path.string.count).drop { $0 == "/" }
        return rest.isEmpty ? title : "\(rest) in \(title)"
    }
}
