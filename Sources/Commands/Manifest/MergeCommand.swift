// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import ArgumentParser
import Build
import Images
import OCI

/// `manifold manifest merge`
struct MergeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "merge",
        abstract: "Make one list of what several machines have built.",
        discussion: """
            Each machine builds its platforms with --push-by-digest --result FILE, which moves no tag; the files are \
            brought together, and this makes the list, once every image is found in the registry. Printed is the \
            list's digest.

            Examples:
              manifold build --platform linux/arm64 -t registry.example/me/app:1.0 --push-by-digest --result arm64.json .
              manifold manifest merge --require linux/amd64,linux/arm64 amd64.json arm64.json
              manifold manifest merge -t registry.example/me/app:1.0 artifacts/
            """)

    @Argument(
        help: ArgumentHelp(
            "Files that manifold build --result wrote, or directories that hold such *.json files at any depth.",
            discussion: "Images in registries, layouts and archives can stand among them, with their tag or digest.",
            valueName: "file"))
    var files: [String]

    @Option(
        name: [.customShort("t"), .customLong("tag")],
        help: ArgumentHelp(
            "A name for the list; may be repeated. Default: the names that the builds were given.", valueName: "name"))
    var tags: [String] = []

    @Option(
        name: .customLong("platform"),
        help: ArgumentHelp(
            "The platforms of the list, all of them, in this order. Default: all that there are, sorted.",
            valueName: "platforms"))
    var platforms: [String] = []

    @Option(
        name: .customLong("require"),
        help: ArgumentHelp(
            "Platforms without which there is no list, separated by commas; may be repeated.", valueName: "platforms"))
    var required: [String] = []

    @Flag(
        name: .customLong("replace"), help: "Of two results for one platform take the one that is named later.")
    var replaces = false

    @Option(
        name: .customLong("annotation"),
        help: ArgumentHelp("An annotation of the list; may be repeated.", valueName: "KEY=VALUE"))
    var annotations: [String] = []

    @OptionGroup var guarding: GuardOptions
    @OptionGroup var options: ListOptions

    func run() async throws {
        let environment = Environment.current()
        let expected = try FailureMessage.explaining { try guarding.expectation() }
        let arguments = try FailureMessage.explaining { try MergeArguments(files, in: environment) }
        let wishes = try FailureMessage.explaining { try self.wishes() }
        for file in arguments.ignored { CommandOutput.note("note: \(file) is not a result of a build") }
        let registries = arguments.registries + wishes.tags.map(\.registry)
        try await options.run(for: registries, in: environment) { work in
            try await merge(try MergePlan(try await arguments.inputs(work.access), wishes), expected, work)
        }
    }

    private func merge(_ plan: MergePlan, _ expected: TagExpectation, _ work: ListWork) async throws {
        let targets = try plan.targets.map { try work.access.writer(to: .registry($0), from: plan.list) }
        for entry in plan.entries { work.note("\(entry.platform): \(entry.descriptor.digest) (\(entry.file))") }
        try await guarding.publish(plan.list, to: targets, named: plan.targets, ifMatch: expected, work)
    }

    private func wishes() throws -> MergePlan.Wishes {
        var wishes = MergePlan.Wishes()
        wishes.tags = try tags.map { text in
            let tag = try Reference(text)
            guard tag.digest == nil else {
                throw CommandError("-t \(text): a tag cannot have a digest", remedy: "leave out what follows the @")
            }
            return tag
        }
        wishes.platforms = try Self.platforms(platforms)
        wishes.required = try Self.platforms(required)
        wishes.onRepetition = replaces ? .takeLater : .refuse
        for text in annotations {
            var one = ImageAnnotations()
            try one.add(option: text)
            // What names no place is for the list, the only thing that is made here.
            wishes.annotations.merge(one.take(text.hasPrefix("manifest:") ? .index : .manifest)) { $1 }
            wishes.annotations.merge(one.take(.index)) { $1 }
            guard one.isEmpty else {
                throw CommandError(
                    "--annotation \(text): only the list can be annotated here",
                    remedy: "annotate the images when they are built")
            }
        }
        return wishes
    }

    private static func platforms(_ texts: [String]) throws -> [Platform] {
        var platforms: [Platform] = []
        for word in texts.flatMap({ $0.split(separator: ",") }) {
            let platform = try Platform(String(word.filter { $0 != " " }))
            if !platforms.contains(platform) { platforms.append(platform) }
        }
        return platforms
    }
}
