// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import ArgumentParser

/// The flags of `manifold build` that say where the result goes and what is said of it.
struct OutputOptions: ParsableArguments {
    @Option(
        name: [.customShort("t"), .customLong("tag")],
        help: ArgumentHelp(
            "A name for the result, as in registry.example/me/app:1.0; may be repeated.",
            discussion: """
                It may have placeholders: {version} ($IMAGE_VERSION, else latest), {date:%Y%m%d%H%M} (UTC, as strftime \
                writes it), {build} (the CI system's number), {git.short}, {git.commit}, {git.branch}, {git.tag} and \
                {git.describe}. A name with {arch} (amd64, arm32v7, arm64v8, i386), {architecture}, {os}, {variant} or \
                {platform} (linux-arm-v7) is for each platform's image alone, beside the list that has the other names.
                """,
            valueName: "name"))
    var tags: [String] = []

    @Option(
        name: [.customShort("o"), .customLong("output")],
        help: ArgumentHelp(
            "Where the result goes: type=TYPE[,ATTRIBUTE=VALUE…], a directory for the files, or - for a tar of them; may be repeated.",
            discussion: """
                Types: image and registry (name, push, push-by-digest, name-canonical, registry.insecure), oci (dest, \
                tar), docker (dest; without it a daemon that runs here), local (dest, mode=copy|delete), tar (dest) \
                and cacheonly. Images also have compression=gzip|zstd|uncompressed, compression-level, \
                force-compression, oci-mediatypes, rewrite-timestamp and annotation[-SCOPE][[PLATFORM]].KEY; local \
                and tar have platform-split. dest=- is standard output. Without --output, --push and --load the \
                result stays in the store.
                """,
            valueName: "output"))
    var outputs: [String] = []

    @OptionGroup var push: PushOptions

    @OptionGroup var fanIn: FanInOptions

    @Flag(
        name: .customLong("load"),
        help: "Load the result into the Docker or podman that runs here; short for --output type=docker.")
    var load = false

    @Option(
        name: .customLong("label"),
        help: ArgumentHelp("A label for the images; may be repeated.", valueName: "NAME=VALUE"))
    var labels: [String] = []

    @Option(
        name: .customLong("annotation"),
        help: ArgumentHelp(
            "An annotation; may be repeated.",
            discussion: """
                It belongs to each platform's manifest, or to what TYPE says: manifest, index, manifest-descriptor \
                or index-descriptor, several separated by commas, each with [PLATFORM] when it is for one.
                """,
            valueName: "[TYPE:]KEY=VALUE"))
    var annotations: [String] = []

    @Option(
        name: .customLong("iidfile"),
        help: ArgumentHelp("Write the result's digest to a file.", valueName: "file"))
    var digestFile: String?

    @Option(
        name: .customLong("metadata-file"),
        help: ArgumentHelp("Write the result's digests and names to a file, as JSON.", valueName: "file"))
    var metadataFile: String?
}
