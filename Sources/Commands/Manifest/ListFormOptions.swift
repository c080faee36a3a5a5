// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import ArgumentParser
import Build
import OCI

/// How a list is written down.
struct ListFormOptions: ParsableArguments {
    @Option(
        name: .customLong("format"),
        help: ArgumentHelp(
            "oci for an OCI index, docker for a Docker manifest list, which old registries and clients want.",
            valueName: "oci|docker"))
    var format: ListFormatWord?

    @Option(
        name: .customLong("oci-mediatypes"),
        help: ArgumentHelp("false is --format docker, true is --format oci.", valueName: "bool"))
    var usesOCITypes: Bool?

    var chosen: ListFormat? { format?.format ?? usesOCITypes.map { $0 ? .oci : .docker } }

    func validate() throws {
        if let format, let usesOCITypes, (format.format == .oci) != usesOCITypes {
            throw ValidationError(
                "--format \(format.rawValue) and --oci-mediatypes=\(usesOCITypes) say different things")
        }
    }
}

/// The values of `--format`, podman's among them.
enum ListFormatWord: String, ExpressibleByArgument {
    case oci, docker, v2s2

    var format: ListFormat { self == .oci ? .oci : .docker }
}

/// The annotations of a list and of its entries, as `index:KEY=VALUE` and `manifest-descriptor[PLATFORM]:KEY=VALUE`.
struct ListAnnotations: Sendable {
    private(set) var list: [String: String] = [:]
    private var entries: [(platform: Platform?, key: String, value: String)] = []

    /// - Throws: ``CommandError``, ``OCIError``.
    init(_ texts: [String]) throws {
        for text in texts {
            var one = ImageAnnotations()
            try one.add(option: text)
            // What names no place is for the list, the only thing that is made here.
            let isBare = !text.hasPrefix("manifest:") && !text.hasPrefix("manifest[")
            if isBare { list.merge(one.take(.manifest)) { $1 } }
            list.merge(one.take(.index)) { $1 }
            for note in one.takeAll(.manifestDescriptor) { entries.append(note) }
            guard one.isEmpty else {
                throw CommandError(
                    "--annotation \(text): only the list (index:) and its entries (manifest-descriptor:) can be "
                        + "annotated here", remedy: "annotate the images when they are built")
            }
        }
    }

    /// Writes the annotations into a list.
    ///
    /// - Throws: ``OCIError/list(_:)``.
    func apply(to editor: inout ListEditor) throws {
        try editor.annotate(list.mapValues { .some($0) })
        for note in entries {
            let selectors =
                note.platform.map { [EntrySelector.platform($0)] }
                ?? Set(editor.index.manifests.filter { $0.role == .image }.map(\.digest)).map { .digest($0) }
            for selector in selectors {
                try editor.annotate(selector, EntryChange(annotations: [note.key: note.value]))
            }
        }
    }
}
