// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import ArgumentParser

/// The flags of `manifold build` that say how much runs at once, how long, and what becomes of it when a platform fails.
struct ScheduleOptions: ParsableArguments {
    @Option(
        name: [.customShort("j"), .customLong("jobs")],
        help: ArgumentHelp(
            "How many steps may run side by side. Default: the number of processors.", valueName: "number"))
    var jobs: Int?

    @Option(
        name: [.customShort("m"), .customLong("memory")],
        help: ArgumentHelp(
            "The memory that all RUN steps together may be expected to need, as in 4g.",
            discussion: """
                A step counts as 512 MiB, under an emulator as 768 MiB; one always runs. Default: what is free when the                 build begins, within the limits of control groups, less a reserve.
                """,
            valueName: "size"))
    var memory: String?

    @Option(
        name: .customLong("timeout"),
        help: ArgumentHelp(
            "How long a RUN step or a download may take, as in 30m; may be repeated.",
            discussion: """
                PLATFORM=DURATION is for the steps of one platform, step=DURATION for those of all others (as a DURATION \
                alone), total=DURATION for the whole build; several are separated by commas. A step of several \
                platforms has the time of the most patient. What takes longer is killed and has failed.
                """,
            valueName: "[WHAT=]DURATION"))
    var timeouts: [String] = []

    @Option(
        name: .customLong("heartbeat"),
        help: ArgumentHelp(
            "Tell what a step does that has printed nothing for so long, and again at growing distances; 0 for never.",
            discussion: "Default: $MANIFOLD_HEARTBEAT, else 60s.", valueName: "duration"))
    var heartbeat: String?

    @Flag(
        name: .customLong("keep-going"),
        help: "When a platform fails, finish the others and keep their images in the store before the build fails.")
    var keepsGoing = false

    @Option(
        name: .customLong("optional-platform"),
        help: ArgumentHelp(
            "A platform to build for, without which the result is published when it fails; may be repeated.",
            valueName: "platforms"))
    var optionalPlatforms: [String] = []
}
