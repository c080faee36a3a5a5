// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import Glibc
import Store
public import SystemPackage

/// Where an export's single stream of bytes goes.
public enum OutputPlace: Sendable, Hashable {
    /// A file that appears under its name when it is whole.
    case file(FilePath)
    /// Standard output, which gets bytes only when every export has succeeded that far.
    case standardOutput

    /// The file that a path leads to: where a symbolic link is, that which it names is written, and the link stays.
    public static func file(following path: FilePath) -> OutputPlace {
        var target = path
        // As many as the kernel follows, see path_resolution(7).
        for _ in 0..<40 {
            // What a shell has opened is written into, also when it is a file: its name may be gone, or not ours.
            if Self.standardOutputNames.contains(target.string) { return .standardOutput }
            if OutputPlace.file(target).isStream { return .file(target) }
            var buffer = [CChar](repeating: 0, count: Int(PATH_MAX) + 1)
            let count = readlink(target.string, &buffer, buffer.count - 1)
            guard count > 0 else { break }
            let link = FilePath(String(decoding: buffer[..<count].map(UInt8.init(bitPattern:)), as: UTF8.self))
            target = target.removingLastComponent().pushing(link)
        }
        return .file(target)
    }

    private static let standardOutputNames = ["/dev/stdout", "/dev/fd/1", "/proc/self/fd/1"]

    /// For people.
    package var name: String {
        switch self {
        case .file(let path): path.string
        case .standardOutput: "standard output"
        }
    }

    /// Writes what is small: into a stream, or as a whole file that takes the old one's place.
    ///
    /// - Throws: ``ImagesError/output(_:remedy:)``, ``StoreError``.
    public func write(_ bytes: [UInt8]) throws {
        try OutputFailure.explaining(name) {
            guard case .file(let path) = self else {
                return try Files.writeAll(bytes, to: STDOUT_FILENO, path: FilePath(name))
            }
            guard isStream else { return try Files.write(bytes, to: path, mode: 0o644) }
            let file = try FileDescriptor.open(path, .writeOnly)
            try file.closeAfter { try Files.writeAll(bytes, to: file.rawValue, path: path) }
        }
    }

    /// Sees whether a file may be written whose folder has to be there.
    ///
    /// - Throws: ``ImagesError/output(_:remedy:)``.
    public func prepareInFolder() throws {
        if case .file(let path) = self, !isStream, !Files.isDirectory(path.removingLastComponent()) {
            throw ImagesError.output(
                "cannot write \(path): there is no directory \(path.removingLastComponent())",
                remedy: "make the directory, or name a file in another")
        }
        try prepare(remedy: "name a file")
    }

    /// Sees whether the file may be written.
    ///
    /// - Throws: ``ImagesError/output(_:remedy:)``.
    package func prepare(remedy: String) throws {
        guard case .file(let path) = self else { return }
        if !isStream { try OutputFailure.check(folder: path.removingLastComponent(), for: name) }
        // A file is replaced by a rename, which must not happen to a link.
        if Files.exists(path), !Files.isRegularFile(path), !isStream {
            let what = Files.isDirectory(path) ? "a directory" : "not a regular file"
            throw ImagesError.output("cannot write the file \(path): it is \(what)", remedy: remedy)
        }
    }

    /// Whether bytes are written into what is there (a pipe, a terminal, /dev/null) instead of taking its place.
    package var isStream: Bool {
        guard case .file(let path) = self else { return true }
        var status = stat()
        guard stat(path.string, &status) == 0 else { return false }
        return status.st_mode & S_IFMT == S_IFIFO || status.st_mode & S_IFMT == S_IFCHR
    }
}
