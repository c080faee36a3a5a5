// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import Images
import OCI

/// All exports of a build: first everything travels, then everything is published, tags last.
struct Exports: Sendable {
    let exporters: [any Exporter]
    let request: BuildRequest
    let relay: EventRelay

    /// Exports what `assemble` makes in the forms that are wanted; a form that several want is made once.
    ///
    /// - Throws: what an exporter throws; nothing is published then, unless publishing itself failed.
    func run(_ assemble: (ImageForm) async throws -> BuildResult) async throws -> BuildSummary {
        var results: [ImageForm: BuildResult] = [:]
        var exported: [(publication: Publication, exporter: any Exporter, result: BuildResult)] = []
        var failures = ExportFailures(relay: relay)
        if request.epoch == nil, exporters.contains(where: \.form.clampsTimes) {
            relay.warn(BuildWarning("rewrite-timestamp has no effect without SOURCE_DATE_EPOCH"))
        }
        for exporter in exporters {
            let form = exporter.form
            let result: BuildResult
            if let known = results[form] {
                result = known
            } else {
                result = try await assemble(form)
                results[form] = result
            }
            try await failures.collect(from: exporter) {
                exported.append((try await export(result, to: exporter), exporter, result))
            }
        }
        let order = exported.indices.sorted {
            (exported[$0].publication.reach, $0) < (exported[$1].publication.reach, $1)
        }
        var published: Set<Int> = []
        for place in order {
            try await failures.collect(from: exported[place].exporter) {
                try await publish(exported[place].publication)
                published.insert(place)
            }
        }
        exported = exported.indices.filter(published.contains).map { exported[$0] }
        try failures.end(published: exported.flatMap(\.publication.places))
        // Who asks for one digest gets that of the first destination.
        let first = exporters.first?.form ?? ImageForm()
        let result: BuildResult
        if let known = results[first] { result = known } else { result = try await assemble(first) }
        return BuildSummary(
            result, exported.map(\.publication), pushed: exported.first { $0.publication.reach == .registry }?.result)
    }

    private func export(_ result: BuildResult, to exporter: any Exporter) async throws -> Publication {
        let step = relay.step(exporter.title, platforms: request.platforms)
        return try await relay.perform(step) {
            let publication = try await exporter.export(result) { completed, total in
                relay.send(.progressed(step: step.id, completed: completed, total: total))
            }
            if let transfer = publication.transfer {
                relay.send(.transferred(step: step.id, transfer.tally, transfer.duration))
            }
            return (publication, .done)
        }
    }

    private func publish(_ publication: Publication) async throws {
        try Task.checkCancellation()
        guard let title = publication.title else { return try await publication.publish { _, _ in } }
        let step = relay.step(title, platforms: request.platforms)
        try await relay.perform(step) {
            try await publication.publish { completed, total in
                relay.send(.progressed(step: step.id, completed: completed, total: total))
            }
            return ((), .done)
        }
    }
}

extension BuildSummary {
    fileprivate init(_ result: BuildResult, _ publications: [Publication], pushed: BuildResult?) {
        var names: [String] = []
        for name in publications.flatMap(\.names).map(\.description) where !names.contains(name) { names.append(name) }
        self.init(
            digest: result.root.digest,
            images: result.images.map(Image.init),
            names: publications.flatMap(\.places), descriptor: result.root,
            config: result.images.count == 1 ? result.images.first?.config.digest : nil, references: names,
            pushed: pushed?.images.map(Image.init) ?? [])
    }
}

extension BuildSummary.Image {
    init(_ image: AssembledImage) {
        self.init(
            platform: image.platform, digest: image.descriptor.digest, size: image.size, descriptor: image.descriptor)
    }
}
