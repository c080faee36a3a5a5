// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import ArgumentParser
import Images
import OCI

/// How carefully a list is published, and what is told of it.
struct GuardOptions: ParsableArguments {
    @OptionGroup var condition: ExpectationOptions

    @Flag(name: .customLong("dry-run"), help: "Look for everything, print the list and change nothing.")
    var isRehearsal = false

    @Option(
        name: .customLong("metadata-file"),
        help: ArgumentHelp("Write the list's digest and names to a file, as JSON.", valueName: "file"))
    var metadataFile: String?

    /// - Throws: ``CommandError``.
    func expectation() throws -> TagExpectation { try condition.expectation() }

    /// Writes a list that was made or changed, as ``publish(_:to:named:ifMatch:_:)`` does, after what was done to it is told.
    func publish(
        _ draft: ListDraft, to targets: [ImagePlace], named names: [Reference], ifMatch expected: TagExpectation,
        _ work: ListWork
    ) async throws {
        let list = try draft.list(named: names.first)
        let writers = try targets.map { try work.writer(to: $0, for: list) }
        for sentence in draft.editor.log { work.note("note: \(sentence)") }
        try await publish(list, to: writers, named: names, ifMatch: expected, work)
    }

    /// Writes a list to places, or tells what would be written; its digest is the command's answer.
    func publish(
        _ list: ComposedList, to writers: [any ImageWriter], named names: [Reference],
        ifMatch expected: TagExpectation, _ work: ListWork
    ) async throws {
        if isRehearsal {
            let bytes = try await work.rehearse(list, to: writers, ifMatch: expected)
            return try CommandOutput.result(String(decoding: bytes, as: UTF8.self))
        }
        try await work.publish(list, to: writers, ifMatch: expected)
        try work.writeMetadata(list.descriptor, names: names, to: metadataFile)
        try CommandOutput.result(list.descriptor.digest.description)
    }
}
