// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import Audit
import OCI

/// Looks at the images that a build is about to publish.
struct BuildAudit: Sendable {
    let library: LayerLibrary
    let policy: AuditPolicy
    let relay: EventRelay

    /// Audits every platform's image and tells of what is no error.
    ///
    /// - Parameter results: what each vertex gave.
    /// - Throws: ``LostLayer``, ``LayersError``, ``StoreError`` and what fetching layers throws.
    func run(_ graph: BuildGraph, _ results: [Int: StepResult]) async throws -> [PlatformAudit] {
        guard policy.level != .off else { return [] }
        var audits: [PlatformAudit] = []
        for image in graph.images { audits.append(try await audit(image, of: graph, results)) }
        for audit in audits {
            for remark in AuditDigest(audit.warnings).remarks {
                relay.warn(BuildWarning("\(audit.platform): \(remark.text)", line: remark.line))
            }
        }
        return audits
    }

    /// Audits one platform's image.
    private func audit(
        _ image: PlannedImage, of graph: BuildGraph, _ results: [Int: StepResult]
    ) async throws -> PlatformAudit {
        let layers = results[image.vertex]?.layers ?? []
        let origins = origins(of: layers, in: image, graph, results)
        var audited: [AuditedImage.Layer] = []
        for (layer, origin) in zip(layers, origins) {
            let facts = try await library.facts(of: layer, fetches: policy.level == .error)
            var content: AuditedImage.Layer.Content?
            if let facts { content = .init(index: try await library.index(of: layer), facts: facts) }
            let isInherited = audited.count < (image.base?.layers.count ?? 0)
            audited.append(AuditedImage.Layer(origin: origin, content: content, isInherited: isInherited))
        }
        var audit = ImageAudit(
            AuditedImage(platform: image.platform, config: image.config, layers: audited), policy: policy)
        if let base = image.base { audit.auditConfig(of: base.config.platform, named: base.reference.familiar) }
        var report = audit.run()
        report.target = image.target
        return report
    }

    /// What made each layer.
    private func origins(
        of layers: [Layer], in image: PlannedImage, _ graph: BuildGraph, _ results: [Int: StepResult]
    ) -> [AuditFinding.LayerOrigin] {
        var words = image.base?.config.instructionsOfLayers ?? []
        words += [String?](repeating: nil, count: max(0, layers.count - words.count))
        var lines: [Int: Int] = [:]
        for case .layer(let vertex, let createdBy) in image.history {
            // A step's layer is the topmost of what it gave.
            guard let place = results[vertex].map({ $0.layers.count - 1 }), layers.indices.contains(place) else {
                continue
            }
            words[place] = createdBy
            lines[place] = graph.vertices[vertex].step.lines?.lowerBound
        }
        return layers.enumerated().map { place, layer in
            AuditFinding.LayerOrigin(diffID: layer.diffID, instruction: words[place], line: lines[place])
        }
    }
}
