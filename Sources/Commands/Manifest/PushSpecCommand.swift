// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import ArgumentParser
import Build
import Images
import OCI
import Registry
import Store
import SystemPackage

/// `manifold manifest push-spec`
struct PushSpecCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "push-spec",
        abstract: "Make and publish the lists that manifest-tool's YAML files, or a template of names, describe.",
        discussion: """
            A file is what manifest-tool's push from-spec reads; it may have several documents, each a list. The images \
            are where their names say; what the list's repository lacks of them is mounted or brought there. Every list \
            is for itself: one that cannot be published does not keep the others from it. Printed is the list's digest, \
            and its name where there are several.

            Examples:
              manifold manifest push-spec app.yaml
              manifold manifest push-spec --platforms linux/amd64,linux/arm/v7 --template me/app-OS-ARCH-VARIANT:v1 --target me/app:v1
            """)

    @Argument(
        help: ArgumentHelp("YAML files, or - for standard input.", valueName: "file"))
    var files: [String] = []

    @Option(
        name: .customLong("platforms"),
        help: ArgumentHelp(
            "In place of files: the platforms of the list, separated by commas.", valueName: "platforms"))
    var platforms: [String] = []

    @Option(
        name: .customLong("template"),
        help: ArgumentHelp(
            "The name of each platform's image, with OS, ARCH and VARIANT for what the platform says.",
            discussion: "Where there is no variant, the separator before VARIANT is left out, too.", valueName: "name"))
    var template: String?

    @Option(name: .customLong("target"), help: ArgumentHelp("The name of the list.", valueName: "name"))
    var target: String?

    @Option(
        name: .customLong("tags"),
        help: ArgumentHelp(
            "More tags for the list, separated by commas; may be repeated. With files they are for each.",
            valueName: "tags"))
    var tags: [String] = []

    @Option(
        name: .customLong("annotations"),
        help: ArgumentHelp(
            "Annotations of the list, separated by commas; may be repeated.", valueName: "KEY=VALUE"))
    var annotations: [String] = []

    @Flag(
        name: .customLong("ignore-missing"),
        help: "Leave out images that are not there. Default: there is no list then.")
    var ignoresMissing = false

    @Option(
        name: .customLong("type"),
        help: ArgumentHelp(
            "docker for a Docker manifest list, oci for an OCI index. Default: what the images are.", valueName: "type")
    )
    var type: String?

    @OptionGroup var condition: ExpectationOptions

    @Flag(name: .customLong("dry-run"), help: "Look for everything, print the lists and push nothing.")
    var isRehearsal = false

    @Option(name: .customLong("username"), help: .hidden) var refusedName: String?
    @Option(name: .customLong("password"), help: .hidden) var refusedPassword: String?

    @OptionGroup var options: ListOptions

    func run() async throws {
        let environment = Environment.current()
        let (work, registries) = try FailureMessage.explaining { () -> (SpecWork, [String]) in
            let work = try specWork(in: environment)
            return (work, try work.registries())
        }
        try await options.run(for: registries, in: environment, work.run)
    }

    private func specWork(in environment: Environment) throws -> SpecWork {
        if refusedName != nil || refusedPassword != nil {
            throw CommandError(
                "credentials on the command line are refused: everybody on this machine can read them there (ps)",
                remedy: "keep them once: echo \"$PASSWORD\" | manifold login -u USER --password-stdin REGISTRY")
        }
        var work = SpecWork(
            ignoresMissing: ignoresMissing, format: try format(), expectation: try condition.expectation(),
            isRehearsal: isRehearsal)
        let more = tags.flatMap { $0.split(separator: ",").map(String.init) }
        let notes = try annotationValues()
        if files.isEmpty {
            work.specs = [try fromTemplate()]
        } else {
            guard platforms.isEmpty, template == nil, target == nil else {
                throw CommandError(
                    "--platforms, --template and --target take the place of files",
                    remedy: "leave out the files, or these flags")
            }
            for name in files {
                let path = name == "-" ? FilePath("/dev/stdin") : environment.absolute(name)
                guard let text = try Files.read(path, limit: SpecFile.limit) else {
                    throw CommandError("there is no file \(name)", remedy: "name manifest-tool's YAML file")
                }
                let file = try SpecFile(text, name: name == "-" ? "standard input" : name)
                work.specs += file.specs
                work.warnings += file.warnings
            }
        }
        for place in work.specs.indices {
            work.specs[place].tags += more
            work.specs[place].annotations.merge(notes) { $1 }
        }
        try work.check()
        return work
    }

    private func format() throws -> ListFormat? {
        guard let type else { return nil }
        guard let format = ListFormat(rawValue: type.lowercased()) else {
            throw CommandError("--type \(type): there is no such kind of list", remedy: "write docker or oci")
        }
        return format
    }

    private func fromTemplate() throws -> ManifestSpec {
        let words = platforms.flatMap { $0.split(separator: ",").map(String.init) }
        guard let template, let target, !words.isEmpty else {
            throw CommandError(
                "there is no file", remedy: "name one, or give --platforms, --template and --target, all three")
        }
        return try ManifestSpec(platforms: words, template: template, target: target)
    }

    private func annotationValues() throws -> [String: String] {
        var values: [String: String] = [:]
        for text in annotations {
            var list = try AttributeList(text, flag: "--annotations", example: "KEY=VALUE")
            values.merge(list.takeAll(startingWith: "")) { $1 }
        }
        return values
    }
}
