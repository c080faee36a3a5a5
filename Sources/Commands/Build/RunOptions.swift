// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import ArgumentParser

/// The flags of `manifold build` that say what RUN steps have and may do.
struct RunOptions: ParsableArguments {
    @Option(
        name: .customLong("network"),
        help: ArgumentHelp(
            "The network that RUN steps see: default, host or none.",
            discussion: "default is the host's, as host is: an ordinary user can make no other that leads anywhere.",
            valueName: "mode"))
    var network = "default"

    @Option(
        name: .customLong("add-host"),
        help: ArgumentHelp(
            "A line for /etc/hosts of RUN steps: NAME=ADDRESS or NAME:ADDRESS; may be repeated.",
            discussion: "The address host-gateway is this machine.", valueName: "host"))
    var hosts: [String] = []

    @Option(
        name: .customLong("shm-size"),
        help: ArgumentHelp("The size of /dev/shm in RUN steps, as in 64m (the default).", valueName: "size"))
    var sharedMemory: String?

    @Option(
        name: .customLong("ulimit"),
        help: ArgumentHelp(
            "A resource limit of RUN steps: NAME=SOFT[:HARD], as in nofile=4096; may be repeated.",
            discussion: "-1 is no limit. Hard limits cannot be raised above those that you have.", valueName: "limit"))
    var limits: [String] = []

    @Option(
        name: .customLong("allow"),
        help: ArgumentHelp(
            "What RUN steps may ask for: network.host, security.insecure or device; may be repeated.",
            discussion: """
                security.insecure lets RUN --security=insecure run with every capability of manifold's user namespace \
                and without a system call filter. That is no more than you can do yourself; as root it is much.
                """,
            valueName: "entitlement"))
    var entitlements: [String] = []

    @Option(
        name: .customLong("secret"),
        help: ArgumentHelp(
            "A secret for RUN --mount=type=secret: id=NAME[,src=FILE|,env=VARIABLE]; may be repeated.",
            valueName: "secret"))
    var secrets: [String] = []

    @Option(
        name: .customLong("ssh"),
        help: ArgumentHelp(
            "An ssh agent for RUN --mount=type=ssh: default, NAME=SOCKET or NAME=KEY[,KEY]; may be repeated.",
            discussion: """
                Without a path it is the agent that SSH_AUTH_SOCK names. For files of keys an agent is started that \
                ends with the build; that takes OpenSSH's client, and keys without a passphrase.
                """,
            valueName: "agent"))
    var agents: [String] = []
}
