// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import FoundationEssentials
public import SystemPackage

/// An OCI image layout in a directory, as a test looks at it (OCI image-spec, image-layout.md).
public struct ImageLayout: Sendable {
    /// Where it is.
    public let directory: FilePath

    /// The layout in a directory.
    public init(_ directory: FilePath) { self.directory = directory }

    /// One image of the layout.
    public struct Image: Sendable {
        /// Its manifest.
        public let manifest: JSONValue
        /// Its config.
        public let config: JSONValue
        /// The files that hold its layers, lowest first.
        public let layers: [FilePath]
        /// The digests of its layers, lowest first.
        public var layerDigests: [String] { manifest["layers"].array.compactMap(\.["digest"].string) }
    }

    /// The layout's top descriptor, of a manifest or an index.
    public var top: JSONValue {
        get throws { try json(directory.appending("index.json"))["manifests"][0] }
    }

    /// The descriptors of all images.
    ///
    /// - Throws: when a file is missing or no JSON.
    public func descriptors() throws -> [JSONValue] {
        let top = try top
        guard top["mediaType"].string?.contains("index") == true else { return [top] }
        return try json(blob(top["digest"]))["manifests"].array
    }

    /// The image for a platform.
    public func image(_ platform: String) throws -> Image {
        for descriptor in try descriptors() {
            let manifest = try json(blob(descriptor["digest"]))
            let config = try json(blob(manifest["config"]["digest"]))
            guard Self.platform(config) == platform else { continue }
            return Image(
                manifest: manifest, config: config, layers: manifest["layers"].array.map { blob($0["digest"]) })
        }
        throw Missing(platform: platform)
    }

    /// There is no image for a platform.
    public struct Missing: Error {
        public let platform: String
    }

    /// The platform of a config or of a descriptor's `platform`.
    public static func platform(_ value: JSONValue) -> String {
        [value["os"], value["architecture"], value["variant"]].compactMap(\.string).joined(separator: "/")
    }

    /// What a layer holds, as GNU tar lists it: `-rwxr-xr-x 0/0 usr/bin/a`, links with ` -> target`.
    public static func entries(of layer: FilePath) async throws -> [String] {
        let result = try await ChildProcess.run(
            "tar",
            ["--list", "--verbose", "--gzip", "--numeric-owner", "--quoting-style=literal", "--file", layer.string])
        return result.output.split(separator: "\n").map { line in
            // mode owner size date time name
            let words = line.split(separator: " ", maxSplits: 5)
            return words.count == 6 ? "\(words[0]) \(words[1]) \(words[5])" : String(line)
        }
    }

    /// The content of a file in a layer.
    public static func content(of name: String, in layer: FilePath) async throws -> [UInt8] {
        try await ChildProcess.run("tar", ["--extract", "--gzip", "--to-stdout", "--file", layer.string, name]).stdout
    }

    private func blob(_ digest: JSONValue) -> FilePath {
        let hex = digest.string?.split(separator: ":").last.map(String.init) ?? "none"
        return directory.appending("blobs/sha256").appending(hex)
    }

    private func json(_ path: FilePath) throws -> JSONValue {
        try JSONValue(parsing: Array(Data(contentsOf: URL(filePath: path.string))))
    }
}
