// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import ArgumentParser

/// `manifold manifest`
struct ManifestCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "manifest",
        abstract: "Make and look at lists: one name for the images of many platforms.",
        subcommands: [
            CreateListCommand.self,
            AnnotateListCommand.self,
            AddToListCommand.self,
            RemoveFromListCommand.self,
            ReplaceInListCommand.self,
            InspectListCommand.self,
            PushListCommand.self,
            RemoveListCommand.self,
            MergeCommand.self,
            PushSpecCommand.self,
            LintCommand.self,
            FixCommand.self,
            WhoCommand.self,
        ])
}
