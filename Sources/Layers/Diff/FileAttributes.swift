// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import CArchive
import Glibc
import SystemPackage

/// The extended attributes of an open file of an overlay's upper directory, sorted by whom they are for.
struct FileAttributes {
    /// Those that belong to the image: `security.capability` and the users' own. Others (labels and lists of the host)
    /// would make the layer differ from machine to machine.
    private(set) var image: [String: [UInt8]] = [:]
    /// Whether overlayfs marked the directory as hiding what is below.
    private(set) var isOpaque = false

    init(_ descriptor: Int32, _ path: TreePath) throws {
        for name in try Self.names(descriptor, path) {
            if isOverlayAttribute(name) {
                try note(name, Self.value(name, descriptor, path), path)
            } else if Self.isOfImage(name) {
                image[name] = try Self.value(name, descriptor, path)
            }
        }
    }

    /// Whether an attribute that is not overlayfs's is taken into a layer.
    static func isOfImage(_ name: String) -> Bool {
        name == "security.capability" || name.hasPrefix("user.")
    }

    private mutating func note(_ name: String, _ value: [UInt8], _ path: TreePath) throws {
        switch name.split(separator: ".").last {
        case "opaque" where value == Array("y".utf8): isOpaque = true
        case "opaque", "whiteout", "whiteouts":
            throw LayersError.unsupportedOverlay(path, feature: "whiteouts in attributes")
        case "redirect": throw LayersError.unsupportedOverlay(path, feature: "redirect_dir")
        case "metacopy": throw LayersError.unsupportedOverlay(path, feature: "metacopy")
        default: break
        }
    }

    private static func names(_ descriptor: Int32, _ path: TreePath) throws -> [String] {
        if flistxattr(descriptor, nil, 0) == 0 { return [] }
        // XATTR_LIST_MAX of xattr(7).
        var buffer = [CChar](repeating: 0, count: 64 << 10)
        let count = flistxattr(descriptor, &buffer, buffer.count)
        if count < 0 {
            if errno == ENOTSUP { return [] }
            throw System.failure("list attributes of", path)
        }
        return buffer[..<count].split(separator: 0).map { name in
            String(decoding: name.map { UInt8(bitPattern: $0) }, as: UTF8.self)
        }
    }

    private static func value(_ name: String, _ descriptor: Int32, _ path: TreePath) throws -> [UInt8] {
        // XATTR_SIZE_MAX of xattr(7).
        var value = [UInt8](repeating: 0, count: 64 << 10)
        let count = fgetxattr(descriptor, name, &value, value.count)
        if count < 0 { throw System.failure("read attribute \(name) of", path) }
        return Array(value[..<count])
    }
}
