// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import Build
import Layers
import OCI
import SystemPackage
import TestSupport

/// Something in a layer that is made for an audit.
enum AuditFile {
    case elf(ELFBuilder, mode: UInt16 = 0o755)
    case text(String, mode: UInt16 = 0o755)
    case link(String)
    case hardLink(String)
    case gone
    case opaque

    static let amd64 = AuditFile.elf(ELFBuilder(machine: 62))
    static let arm64 = AuditFile.elf(ELFBuilder(machine: 183))

    static func script(_ line: String) -> AuditFile { .text("#!\(line)\nexit 0\n") }
}

/// Images that are made for an audit: really written layers, whose files are looked at on the way.
struct AuditImage {
    typealias Layer = [(path: String, file: AuditFile)]

    var platform = "linux/arm64"
    var config = ContainerConfig()
    /// Lowest first; nil is a layer whose bytes are elsewhere.
    var layers: [Layer?]

    init(for platform: String = "linux/arm64", entrypoint: [String]? = nil, cmd: [String]? = nil, _ layers: Layer?...) {
        self.platform = platform
        self.layers = layers
        config.entrypoint = entrypoint
        config.cmd = cmd
    }

    func audit(_ policy: AuditPolicy = AuditPolicy(), base: String? = nil) throws -> PlatformAudit {
        let layers = try layers.enumerated().map { number, layer in
            let content = try layer.map(Self.content)
            return AuditedImage.Layer(
                origin: .init(diffID: .sha256(of: [UInt8(number)]), instruction: "COPY \(number)", line: number + 1),
                content: content)
        }
        var audit = ImageAudit(
            AuditedImage(platform: try Platform(platform), config: config, layers: layers), policy: policy)
        if let base { audit.auditConfig(of: try Platform(base), named: "base") }
        return audit.run()
    }

    /// What is found, as `error foreign /bin/app ENTRYPOINT`.
    func findings(_ policy: AuditPolicy = AuditPolicy()) throws -> [String] {
        try audit(policy).findings.map { finding in
            ([finding.severity.rawValue, finding.kind.rawValue, finding.path, finding.role] as [String?])
                .compactMap(\.self).joined(separator: " ")
        }
    }

    private static func content(of layer: Layer) throws -> AuditedImage.Layer.Content {
        let inspector = LayerInspector()
        let sink = try FileDescriptor.open("/dev/null", .writeOnly)
        defer { try? sink.close() }
        let writer = LayerWriter(to: sink, compression: .none, observer: inspector)
        for (path, file) in layer {
            let path = try TreePath(path)
            switch file {
            case .elf(let elf, let mode):
                let bytes = elf.bytes
                try writer.append(
                    TreeEntry(path: path, kind: .file, mode: mode, size: Int64(bytes.count)), content: .bytes(bytes))
            case .text(let text, let mode):
                let bytes = Array(text.utf8)
                try writer.append(
                    TreeEntry(path: path, kind: .file, mode: mode, size: Int64(bytes.count)), content: .bytes(bytes))
            case .link(let target): try writer.append(TreeEntry(path: path, kind: .symlink(target: Array(target.utf8))))
            case .hardLink(let target):
                try writer.append(TreeEntry(path: path, kind: .hardLink(target: TreePath(target))))
            case .gone: try writer.append(TreeEntry(path: path, kind: .whiteout))
            case .opaque: try writer.append(TreeEntry(path: path, kind: .directory(opaque: true), mode: 0o755))
            }
        }
        return .init(index: try writer.finish().index, facts: inspector.facts)
    }
}
