// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import HTTP
import Images
import Layers
import OCI
import Remote
import Store
public import SystemPackage

/// Named contexts.
extension ContextLoader {
    /// Understands `NAME=VALUE` and brings here what the value names.
    ///
    /// - Parameter absolute: makes a path of what the user wrote.
    /// - Throws: ``ContextError``, ``StoreError``; `CancellationError`.
    public func named(_ text: String, absolute: (String) -> FilePath) async throws -> NamedContext {
        let parts = text.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
        guard parts.count == 2, !parts[0].isEmpty, !parts[1].isEmpty else {
            throw ContextError.badName(
                text, reason: "a name and a value are wanted", remedy: "write it as --build-context NAME=DIRECTORY")
        }
        do {
            return try NamedContext(name: parts[0], source: try await source(parts[1], text, absolute))
        } catch let error as OCIError {
            throw ContextError.badName(text, reason: "\(error)", remedy: nil)
        }
    }

    private func source(
        _ value: String, _ text: String, _ absolute: (String) -> FilePath
    ) async throws -> NamedContext.Source {
        if let name = value.dropping(prefix: "docker-image://") {
            return name == "scratch" ? .scratch : .image(try Reference(name))
        }
        if let place = value.dropping(prefix: "oci-layout://") { return .layout(try await layout(place, absolute)) }
        if value.hasPrefix("target:") {
            throw ContextError.badName(
                text, reason: "targets are known only in the files of docker buildx bake",
                remedy: "build the other target first and name its result, as in docker-image://NAME")
        }
        if value == "-" {
            throw ContextError.badName(
                text, reason: "standard input can only be the build context itself", remedy: nil)
        }
        // A directory of this machine goes before what only looks like an address.
        if !Files.isDirectory(absolute(value)), let source = try RemoteSource(value, shorthand: .accepted) {
            return .directory(try await directory(source, text))
        }
        let path = absolute(value)
        guard Files.isDirectory(path) else {
            let reason = Files.exists(path) ? "\(path) is not a directory" : "there is no directory \(path)"
            throw ContextError.badName(
                text, reason: reason,
                remedy: "give a directory, docker-image://REFERENCE, oci-layout://DIRECTORY or an address")
        }
        return .directory(ContextDirectory(path))
    }

    private func directory(_ source: RemoteSource, _ text: String) async throws -> ContextDirectory {
        switch source {
        case .git(let source):
            return ContextDirectory(try await checkOut(source).directory, title: source.title)
        case .file(let url):
            return try await withDownload(of: url) { file, head in
                guard Unpacker.isArchive(head) else {
                    throw ContextError.badName(text, reason: "what is there is no archive", remedy: nil)
                }
                return try await unpack(file, head: [], title: url.redacted)
            }
        }
    }

    /// `PATH[:TAG][@DIGEST]`; a path that is there is taken whole.
    private func layout(_ text: String, _ absolute: (String) -> FilePath) async throws -> OCILayoutSource {
        let (path, selector) = try ImagePlace.layout(text, absolute)
        guard Files.exists(path), !Files.isDirectory(path) else {
            return OCILayoutSource(path: path, selector: selector, store: store)
        }
        let file: FileDescriptor
        do { file = try FileDescriptor.open(path, .readOnly, options: .closeOnExec) } catch let errno as Errno {
            throw StoreError.file(operation: "open", path: path, errno: errno)
        }
        defer { try? file.close() }
        let unpacked = try await unpack(file, head: [], title: path.string)
        return OCILayoutSource(path: unpacked.path, selector: selector, store: store, title: path.string)
    }
}

extension String {
    fileprivate func dropping(prefix: String) -> String? {
        hasPrefix(prefix) ? String(dropFirst(prefix.count)) : nil
    }
}
