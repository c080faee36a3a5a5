// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import Build
import FoundationEssentials
import OCI

/// What one machine has pushed of an image that several build, each for some of the platforms: the file of
/// `manifold build --result`, which `manifold manifest merge` reads.
struct FanInResult: Codable {
    /// One platform's image.
    struct Image: Codable {
        /// The platform in words; the descriptor has it for programs.
        let platform: String
        /// The manifest as an index has it.
        let descriptor: Descriptor
        /// The bytes of all layers, compressed.
        let size: Int64
    }

    /// What tells the file from other JSON.
    static let kind = "manifold-build-result"
    /// Readers refuse versions that they do not know.
    static let version = 1

    let kind: String
    let version: Int
    /// Where the images are, as in `registry.example/me/app`.
    let repositories: [String]
    /// The names that the build was given, which the list gets unless others are said.
    let names: [String]
    /// Annotations of the list.
    let annotations: [String: String]?
    let images: [Image]
    /// Why platforms are missing that the build was finished without, by their names.
    let missing: [String: String]?

    init(
        _ images: [BuildSummary.Image], names: [Reference], annotations: [String: String],
        failed: [FailedPlatform] = []
    ) {
        kind = Self.kind
        version = Self.version
        var repositories: [String] = []
        for name in names.map(\.name) where !repositories.contains(name) { repositories.append(name) }
        self.repositories = repositories
        self.names = names.map(\.description)
        self.annotations = annotations.isEmpty ? nil : annotations
        missing =
            failed.isEmpty ? nil : Dictionary(failed.map { ($0.platform.description, $0.reason) }) { first, _ in first }
        self.images = images.compactMap { image in
            image.descriptor.map {
                Image(platform: image.platform.description, descriptor: $0, size: image.size)
            }
        }
    }

    /// The file's text.
    var json: [UInt8] {
        get throws {
            let encoder = JSONEncoder()
            encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
            return try Array(encoder.encode(self)) + [UInt8(ascii: "\n")]
        }
    }

    /// What of a file says whether it is one.
    private struct Mark: Decodable {
        let kind: String
        let version: Int
    }

    /// Reads a file's text.
    ///
    /// - Returns: nil for JSON that is something else.
    /// - Throws: ``CommandError`` for what is no JSON, of another version, or not whole.
    init?(_ bytes: [UInt8], file: String) throws {
        let data = Data(bytes)
        guard let mark = try? JSONDecoder().decode(Mark.self, from: data), mark.kind == Self.kind else {
            // An empty or a cut file is no other kind of file: a runner had no room for it, or its upload broke.
            if (try? JSONDecoder().decode(Anything.self, from: data)) != nil { return nil }
            throw CommandError(
                "\(file) is not JSON", remedy: "a result that was cut on its way? fetch it again, or build again")
        }
        guard mark.version == Self.version else {
            throw CommandError(
                "\(file) is a result of version \(mark.version), and this manifold knows version \(Self.version)",
                remedy: "use the same manifold for build and for merge")
        }
        do { self = try JSONDecoder().decode(FanInResult.self, from: data) } catch {
            throw CommandError("\(file) lacks something that every result has", remedy: "build again")
        }
    }

    private struct Anything: Decodable { init(from decoder: any Decoder) throws {} }
}
