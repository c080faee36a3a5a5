// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import OCI
import YAML

/// Manifest-tool's YAML files, each of whose documents is a list.
struct SpecFile {
    /// The lists, in their order.
    private(set) var specs: [ManifestSpec] = []
    /// What the user should know, with the file and the line.
    private(set) var warnings: [String] = []
    private let name: String
    /// The most bytes of a file.
    static let limit = 1 << 20

    /// Reads a file's text.
    ///
    /// - Parameter name: how people know the file.
    /// - Throws: ``CommandError`` with the line.
    init(_ text: [UInt8], name: String) throws {
        self.name = name
        do {
            for document in try YAMLNode.documents(in: text) { specs.append(try spec(document)) }
        } catch {
            let place = error.line.map { "\(name):\($0): " } ?? "\(name): "
            throw CommandError(place + error.reason, remedy: Self.remedy)
        }
        guard !specs.isEmpty else { throw CommandError("\(name) is empty", remedy: Self.remedy) }
    }

    private static let remedy =
        "a list is written as: image: NAME, tags: [TAG], manifests: [{image: NAME, platform: {os: linux, architecture: arm64}}]"

    private mutating func spec(_ node: YAMLNode) throws(YAMLError) -> ManifestSpec {
        let values = try entries(node, of: "a list", known: ["image", "tags", "annotations", "manifests"])
        var spec = ManifestSpec(image: try image(values, of: "a list", node), manifests: [])
        _ = try reference(spec.image, values["image"] ?? node)
        spec.tags = try values["tags"].map { node throws(YAMLError) in try texts(node, "tags") } ?? []
        if let annotations = values["annotations"] { spec.annotations = try texts(byKey: annotations) }
        for source in try list(values["manifests"], "manifests") { spec.manifests.append(try self.source(source)) }
        guard !spec.manifests.isEmpty else {
            throw YAMLError("the list has no images", line: (values["manifests"] ?? node).line)
        }
        do { _ = try spec.references() } catch {
            throw YAMLError("\(error)", line: (values["tags"] ?? node).line)
        }
        return spec
    }

    private mutating func source(_ node: YAMLNode) throws(YAMLError) -> ManifestSpec.Source {
        let values = try entries(node, of: "an image", known: ["image", "platform"])
        let name = try image(values, of: "an image", node)
        _ = try reference(name, values["image"] ?? node)
        guard let platform = values["platform"] else { return ManifestSpec.Source(image: name) }
        return ManifestSpec.Source(image: name, platform: try self.platform(platform))
    }

    private mutating func platform(_ node: YAMLNode) throws(YAMLError) -> SpecPlatform {
        let values = try entries(
            node, of: "a platform",
            known: [
                "architecture", "os", "variant", "os.version", "os.features", "features", "osversion", "osfeatures",
            ])
        func one(_ keys: String...) throws(YAMLError) -> String? {
            for key in keys { if let value = values[key] { return try text(value, key) } }
            return nil
        }
        func several(_ keys: String...) throws(YAMLError) -> [String]? {
            for key in keys { if let value = values[key] { return try texts(value, key) } }
            return nil
        }
        let platform = SpecPlatform(
            os: try one("os"), architecture: try one("architecture"), variant: try one("variant"),
            osVersion: try one("os.version", "osversion"), osFeatures: try several("os.features", "osfeatures"),
            features: try several("features"))
        if let features = values["features"] {
            warnings.append("\(name):\(features.line): features are read by no client and left out")
        }
        // The words are judged here, where the line is known.
        do { _ = try platform.given(config: nil) } catch {
            guard platform.architecture?.isEmpty != false else {
                throw YAMLError("\(error)" + (error.remedy.map { "; \($0)" } ?? ""), line: node.line)
            }
        }
        return platform
    }

    // MARK: Values

    /// What a map has, but for what there is nothing of.
    private mutating func entries(
        _ node: YAMLNode, of what: String, known: [String]
    ) throws(YAMLError) -> [String: YAMLNode] {
        guard case .map(let entries) = node.value else {
            if case .null = node.value { return [:] }
            throw YAMLError(
                "\(what) has keys (\(known.joined(separator: ", "))), and this is \(node.kind)", line: node.line)
        }
        var values: [String: YAMLNode] = [:]
        for entry in entries {
            guard known.contains(entry.key) else {
                let nearest = Spelling.nearest(to: entry.key, among: known).map { "; did you mean \($0)?" } ?? ""
                warnings.append("\(name):\(entry.line): \(what) has no key \"\(entry.key)\", it is ignored\(nearest)")
                continue
            }
            if case .null = entry.value.value { continue }
            values[entry.key] = entry.value
        }
        return values
    }

    private func image(
        _ values: [String: YAMLNode], of what: String, _ node: YAMLNode
    ) throws(YAMLError) -> String {
        guard let value = values["image"] else { throw YAMLError("\(what) needs the key image", line: node.line) }
        return try text(value, "image")
    }

    private func reference(_ text: String, _ node: YAMLNode) throws(YAMLError) -> Reference {
        do { return try Reference(text) } catch { throw YAMLError("\(error)", line: node.line) }
    }

    private func text(_ node: YAMLNode, _ key: String) throws(YAMLError) -> String {
        guard case .text(let text) = node.value else {
            throw YAMLError("\(key) has to be text, and this is \(node.kind)", line: node.line)
        }
        return text
    }

    private func list(_ node: YAMLNode?, _ key: String) throws(YAMLError) -> [YAMLNode] {
        guard let node else { return [] }
        guard case .list(let nodes) = node.value else {
            throw YAMLError("\(key) has to be a list, and this is \(node.kind)", line: node.line)
        }
        return nodes
    }

    private func texts(_ node: YAMLNode, _ key: String) throws(YAMLError) -> [String] {
        var texts: [String] = []
        for one in try list(node, key) { texts.append(try text(one, key)) }
        return texts
    }

    private func texts(byKey node: YAMLNode) throws(YAMLError) -> [String: String] {
        guard case .map(let entries) = node.value else {
            throw YAMLError("annotations have to be keys with values, and this is \(node.kind)", line: node.line)
        }
        var texts: [String: String] = [:]
        for entry in entries { texts[entry.key] = try text(entry.value, entry.key) }
        return texts
    }
}
