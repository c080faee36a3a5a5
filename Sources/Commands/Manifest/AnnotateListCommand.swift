// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import ArgumentParser
import Images
import OCI
import Registry

/// `manifold manifest annotate`
struct AnnotateListCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "annotate", abstract: "Change what a list says of one of its entries, or of itself.",
        discussion: ListChangeOptions.explanation
            + """
             An entry is named by its platform, its digest, or as docker does by an image that it was made of; without \
            one, annotations are the list's own.

            Examples:
              manifold manifest annotate app:1.0 linux/arm/v7 --variant v6
              manifold manifest annotate app:1.0 --annotation org.opencontainers.image.source=https://example.org/app
            """)

    @Argument(help: "The list.") var list: String

    @Argument(help: "The entry: a platform, a digest, or an image.") var entry: String?

    @Option(name: .customLong("os"), help: ArgumentHelp("The operating system.", valueName: "os")) var os: String?

    @Option(name: .customLong("arch"), help: ArgumentHelp("The architecture.", valueName: "architecture"))
    var architecture: String?

    @Option(name: .customLong("variant"), help: ArgumentHelp("Its variant, as in v7.", valueName: "variant"))
    var variant: String?

    @Option(
        name: .customLong("os-version"), help: ArgumentHelp("The version that Windows must have.", valueName: "version")
    )
    var osVersion: String?

    @Option(
        name: .customLong("os-features"),
        help: ArgumentHelp(
            "What the operating system must have, separated by commas; may be repeated.", valueName: "features"))
    var osFeatures: [String] = []

    @Option(
        name: .customLong("annotation"),
        help: ArgumentHelp("An annotation; an empty value takes it away; may be repeated.", valueName: "KEY=VALUE"))
    var annotations: [String] = []

    @OptionGroup var change: ListChangeOptions

    func run() async throws {
        let environment = Environment.current()
        let entryChange = try FailureMessage.explaining { try wishes() }
        let named = try FailureMessage.explaining { try entry.map { try NamedEntry($0, in: environment) } }
        try await change.run(list, registries: named?.registries ?? [], in: environment) { draft, work, own in
            guard let named else { return try draft.edit { try $0.annotate(entryChange.annotations) } }
            let selector = try await named.selector(in: draft.editor.index, work, asking: own)
            try draft.edit { try $0.annotate(selector, entryChange) }
        }
    }

    private func wishes() throws -> EntryChange {
        var notes: [String: String?] = [:]
        for text in annotations {
            guard let equals = text.firstIndex(of: "="), equals != text.startIndex else {
                throw CommandError("--annotation \(text): it is not of the form KEY=VALUE")
            }
            let value = String(text[text.index(after: equals)...])
            notes[String(text[..<equals])] = .some(value.isEmpty ? nil : value)
        }
        let features = osFeatures.flatMap { $0.split(separator: ",").map(String.init) }
        let change = EntryChange(
            os: os, architecture: architecture, variant: variant, osVersion: osVersion,
            osFeatures: osFeatures.isEmpty ? nil : features, annotations: notes)
        if change == EntryChange() {
            throw CommandError(
                "there is nothing to change", remedy: "say what: --os, --arch, --variant, --os-version, --annotation …")
        }
        if entry == nil, change != EntryChange(annotations: notes) {
            throw CommandError("a platform is said of an entry, and none is named", remedy: "name it by its digest")
        }
        return change
    }
}

/// An entry in the words of a command line.
struct NamedEntry: Sendable {
    private enum Kind: Sendable {
        case selector(EntrySelector)
        case image(ImagePlace)
    }

    private let text: String
    private let kind: Kind

    /// - Throws: ``OCIError``, ``ImagesError``.
    init(_ text: String, in environment: Environment) throws {
        self.text = text
        do { kind = .selector(try EntrySelector(text)) } catch {
            // As docker names entries: by the image that they were made of.
            guard text.contains(":") else { throw error }
            kind = .image(try ImagePlace(text, absolute: environment.absolute))
        }
    }

    var registries: [String] { if case .image(let place) = kind { place.registries } else { [] } }

    /// Which entry it is.
    ///
    /// - Throws: ``OCIError/list(_:)``, and what reading the image throws.
    func selector(in index: Index, _ work: ListWork, asking registries: [String]) async throws -> EntrySelector {
        switch kind {
        case .selector(let selector): return selector
        case .image(let place):
            let source = NamedSource(place: place, given: nil, platforms: [], attestations: .drop)
            let parts = try await source.parts(work.access, asking: registries)
            let known = Set(index.manifests.map(\.digest))
            let digests = Set(parts.map(\.entry.descriptor.digest)).intersection(known)
            guard let digest = digests.first else {
                throw OCIError.list(.noSuchEntry(text, available: index.platforms.map(\.fullName)))
            }
            guard digests.count == 1 else {
                throw OCIError.list(.severalEntries(text, digests: digests.sorted()))
            }
            return .digest(digest)
        }
    }
}
