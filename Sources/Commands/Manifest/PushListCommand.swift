// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import ArgumentParser
import Images
import OCI
import Registry
import Store

/// `manifold manifest push`
struct PushListCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "push",
        abstract: "Send a list of the store, with everything in it, to its registry or to other places.",
        discussion: """
            Images come from where they are, by mounting where the registry allows it. The tags move last, when all of \
            it is everywhere. The list's digest is printed.
            """)

    @Argument(help: "The list in the store, or another place as manifold copy has them.") var list: String

    @Argument(help: "Where it goes, as manifold copy has places. Default: the registry of its name.")
    var targets: [String] = []

    @Flag(
        name: [.customShort("p"), .customLong("purge"), .customLong("rm")],
        help: "Take the list out of the store afterwards.")
    var purges = false

    @Flag(name: .customLong("all"), help: .hidden) var pushesAll = false

    @OptionGroup var form: ListFormOptions
    @OptionGroup var guarding: GuardOptions
    @OptionGroup var options: ListOptions

    func run() async throws {
        let environment = Environment.current()
        let (list, targets) = try FailureMessage.explaining {
            (
                try NamedList(self.list, in: environment),
                try self.targets.map { try ImagePlace($0, absolute: environment.absolute) }
            )
        }
        let expected = try FailureMessage.explaining { try guarding.expectation() }
        let registries = list.registries + targets.flatMap(\.registries)
        try await options.run(for: registries, in: environment) { work in
            var source = try list.existing(work.access.store)
            if targets.isEmpty {
                guard let name = list.name else {
                    throw CommandError("\(list.text) has no name in a registry", remedy: "say where it goes")
                }
                source = .store(name)
            }
            var draft = try await ListDraft(changing: work.access.reader(of: source, by: .registry))
            if let format = form.chosen {
                draft.edit { editor in if editor.index.format != format { editor.convert(to: format) } }
            }
            let places = targets.isEmpty ? list.name.map { [.registry($0)] } ?? [] : targets
            let names = places.compactMap { if case .registry(let name) = $0 { name } else { Reference?.none } }
            try await guarding.publish(draft, to: places, named: names, ifMatch: expected, work)
            if purges, !guarding.isRehearsal, case .store(let name) = source { work.access.store.forget(name) }
        }
    }
}
