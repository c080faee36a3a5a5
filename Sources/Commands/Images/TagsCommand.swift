// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import ArgumentParser
import OCI
import Registry

/// `manifold tags`
struct TagsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "tags", abstract: "List the tags of a repository in a registry, one on each line.")

    @Argument(help: "The repository, as in registry.example/me/app.") var repository: String

    @Flag(name: .customLong("json"), help: "Print a JSON list.") var isJSON = false

    @OptionGroup(title: "Registry options") var registry: RegistryOptions

    func run() async throws {
        let environment = Environment.current()
        try await CommandOutput.answer {
            let name = repository.hasPrefix("docker://") ? String(repository.dropFirst(9)) : repository
            let reference = try Reference(name)
            if reference.digest != nil || name.split(separator: "/").last?.contains(":") == true {
                throw CommandError(
                    "\"\(name)\" is an image and not a repository", remedy: "leave out the tag or the digest")
            }
            let tags = try await registry.withClient(for: [reference.registry], in: environment) {
                try await $0.tags(of: reference)
            }
            if isJSON { return Array(try ImageDescription.json(tags).utf8) }
            return Array(tags.map { SafeText.singleLine($0) + "\n" }.joined().utf8)
        }
    }
}
