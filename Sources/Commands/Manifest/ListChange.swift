// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import ArgumentParser
import Images
import OCI
import Registry

/// What the commands have in common that change a list which is there.
///
/// The list is read, changed and written back only if its name still stands for what was read.
struct ListChangeOptions: ParsableArguments {
    @Option(
        name: [.customShort("t"), .customLong("tag")],
        help: ArgumentHelp(
            "Give the changed list this name and leave the old one as it is; may be repeated.", valueName: "name"))
    var tags: [String] = []

    @OptionGroup var guarding: GuardOptions
    @OptionGroup var options: ListOptions

    static let explanation = """
        A list in the store is changed there. One that is not is read from its registry and written back in one step, \
        unless somebody else has moved its tag in the meantime. The digest of the new list is printed.
        """

    /// Reads a list, changes it and writes it back.
    ///
    /// - Parameters:
    ///   - registries: those that the command names besides.
    ///   - change: gets the list, and the registries that it is in.
    /// - Throws: `ExitCode`, after the reason was told.
    func run(
        _ list: String, registries: [String] = [], in environment: Environment,
        _ change: @escaping @Sendable (inout ListDraft, ListWork, [String]) async throws -> Void
    ) async throws {
        let place = try FailureMessage.explaining { try NamedList(list, in: environment) }
        let others = try FailureMessage.explaining { try tags.map { try NamedList($0, in: environment) } }
        let expected = try FailureMessage.explaining { try guarding.expectation() }
        let own = place.registries + others.flatMap(\.registries)
        try await options.run(for: own + registries, in: environment) { work in
            let source = try place.existing(work.access.store)
            if others.isEmpty { try place.checkWritable() }
            for other in others { try other.checkWritable() }
            var draft = try await ListDraft(changing: work.access.reader(of: source, by: .registry))
            try await change(&draft, work, own)
            var (targets, expectation) = ([source], expected)
            if others.isEmpty {
                if expectation == .anything, let read = draft.changed, source.hasName { expectation = .digest(read) }
            } else {
                let isStored = if case .store = source { true } else { false }
                targets = try others.map { try $0.new(isStored ? .later : .now) }
            }
            let names = others.isEmpty ? [place] : others
            try await guarding.publish(
                draft, to: targets, named: names.compactMap(\.name), ifMatch: expectation, work)
        }
    }
}

extension ImagePlace {
    /// Whether the place tells what its name stands for; an archive is always written anew.
    var hasName: Bool {
        switch self {
        case .registry, .store, .layout(_, .tag): true
        case .layout, .layoutArchive, .dockerArchive: false
        }
    }
}
