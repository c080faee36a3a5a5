// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import ArgumentParser

/// The flags of `manifold build`, named as `docker buildx build` names them.
struct BuildOptions: ParsableArguments {
    @OptionGroup(title: "What is read") var input: ContextOptions

    @Option(
        name: .customLong("platform"),
        help: ArgumentHelp(
            "The platforms to build for, separated by commas; may be repeated.",
            discussion: """
                As linux/arm64 or linux/arm/v7; other spellings (aarch64, armv7l, x86_64) are understood, and \
                "local" is this machine. Default: this machine.
                """,
            valueName: "platforms"))
    var platforms: [String] = []

    @Option(
        name: .customLong("build-arg"),
        help: ArgumentHelp(
            "A value for an ARG; without =VALUE it is taken from the environment; may be repeated.",
            valueName: "NAME[=VALUE]"))
    var buildArguments: [String] = []

    @Option(
        name: .customLong("target"), help: ArgumentHelp("The stage to build. Default: the last.", valueName: "stage"))
    var target: String?

    @OptionGroup var output: OutputOptions

    @Flag(name: .customLong("no-cache"), help: "Do every step again, whatever earlier builds have done.")
    var noCache = false

    @Option(
        name: .customLong("no-cache-filter"),
        help: ArgumentHelp(
            "Do every step of these stages again, separated by commas; may be repeated.", valueName: "stages"))
    var uncachedStages: [String] = []

    @Flag(
        name: .customLong("pull"),
        help: "Ask the registry for every base image, also when an image of its name was built here.")
    var pull = false

    @OptionGroup(title: "What RUN steps have") var run: RunOptions
    @OptionGroup(title: "Tests before publishing") var testing: TestOptions

    @OptionGroup(title: "Audit options") var audit: AuditOptions

    @Option(
        name: .customLong("progress"),
        help: ArgumentHelp(
            "How progress is shown: auto, tty, plain, quiet, json or rawjson (as buildx writes it).",
            discussion: "Default: $MANIFOLD_PROGRESS, $BUILDKIT_PROGRESS, else auto.", valueName: "mode"))
    var progress: ProgressMode?

    @Flag(name: [.customShort("q"), .customLong("quiet")], help: "Show no progress; print the result's digest.")
    var quiet = false

    @OptionGroup(title: "Time and memory") var schedule: ScheduleOptions

    @OptionGroup(title: "Emulators") var emulators: EmulatorOptions
}
