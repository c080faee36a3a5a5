// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import ArgumentParser
import Images
import OCI
import Registry

/// `manifold manifest create`
struct CreateListCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "create",
        abstract: "Make a list of images that are there: one name for many platforms.",
        discussion: """
            With --push the list goes to its registry in one step: each image is brought to the list's repository, by \
            mounting where the registry allows it, then the list, its tags last. Without, it is made in the store, where \
            manifold images and manifold manifest inspect show it and manifold manifest push finds it; layers stay in \
            their registries.

            A source is NAME[:TAG][@DIGEST] (in a registry), oci:DIR[:TAG], oci-archive:FILE[:TAG], \
            docker-archive:FILE[:NAME] or store:NAME, and every time it is looked at anew. Its platform comes from the \
            image's config; SOURCE=PLATFORM says another one, or picks the image of a list that the platform gets.

            Examples:
              manifold manifest create --push registry.example/me/app:1.0 registry.example/me/app:1.0-amd64 \\
                registry.example/me/app:1.0-arm32v6=linux/arm/v6
              manifold manifest create --push --amend registry.example/me/app:1.0 oci:out
            """)

    @Argument(help: "The name of the list, or another place for it (oci:DIR:TAG, oci-archive:FILE).") var list: String

    @Argument(help: ArgumentHelp("Images, or lists of images.", valueName: "source")) var sources: [String]

    @Option(
        name: [.customShort("t"), .customLong("tag")],
        help: ArgumentHelp("One more name for the list; may be repeated.", valueName: "name"))
    var tags: [String] = []

    @Flag(name: .customLong("push"), help: "Put the list into its registry now.") var pushes = false

    @Flag(
        name: [.customShort("a"), .customLong("amend"), .customLong("append")],
        help: ArgumentHelp(
            "Add to the list of this name, if there is one in the store or else in the registry; what it has for the "
                + "same platforms is replaced."))
    var amends = false

    @Flag(name: .customLong("replace"), help: "Of two images for one platform take the one that is named later.")
    var replaces = false

    @OptionGroup var selection: ListSourceOptions
    @OptionGroup var form: ListFormOptions

    @Option(
        name: .customLong("annotation"),
        help: ArgumentHelp(
            "An annotation of the list (index:KEY=VALUE) or of its entries "
                + "(manifest-descriptor[PLATFORM]:KEY=VALUE); may be repeated.",
            valueName: "annotation"))
    var annotations: [String] = []

    @OptionGroup var guarding: GuardOptions
    @OptionGroup var options: ListOptions

    func run() async throws {
        let environment = Environment.current()
        let places = try FailureMessage.explaining {
            try ([list] + tags).map { try NamedList($0, in: environment) }
        }
        let sources = try FailureMessage.explaining { try selection.sources(self.sources, in: environment) }
        let annotations = try FailureMessage.explaining { try ListAnnotations(self.annotations) }
        let expected = try FailureMessage.explaining { try guarding.expectation() }
        let registries = places.flatMap(\.registries)
        try await options.run(for: registries + sources.flatMap(\.place.registries), in: environment) { work in
            for place in places { try place.checkWritable() }
            let targets = try places.map { try $0.new(pushes ? .now : .later) }
            let (draft, guarded) = try await draft(
                try await work.parts(sources, asking: registries), annotations, of: places[0], targets[0], expected,
                work)
            try await guarding.publish(draft, to: targets, named: places.compactMap(\.name), ifMatch: guarded, work)
        }
    }

    private func draft(
        _ parts: [ListPart], _ annotations: ListAnnotations, of list: NamedList, _ target: ImagePlace,
        _ expected: TagExpectation, _ work: ListWork
    ) async throws -> (ListDraft, TagExpectation) {
        var (draft, expected) = (ListDraft?.none, expected)
        if amends {
            let place = try list.existing(work.access.store)
            let reader = work.access.reader(of: place, by: .registry)
            if try await work.exists(place) {
                var known = try await ListDraft(changing: reader)
                try known.add(parts, whenTaken: .replace)
                draft = known
            }
            // What was added to must still be there when the tag moves, or still nothing.
            if expected == .anything, place == target, tags.isEmpty, target.hasName {
                expected = draft?.changed.map { .digest($0) } ?? .nothing
            }
        }
        var made = try draft ?? ListDraft(creating: parts, whenTaken: replaces || amends ? .replace : .refuse)
        try made.edit { editor in
            if let format = form.chosen, editor.index.format != format { editor.convert(to: format) }
            try annotations.apply(to: &editor)
        }
        return (made, expected)
    }
}
