// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import ArgumentParser
import Images
import OCI

/// What of an image with several platforms is meant.
struct SelectionOptions: ParsableArguments {
    @Option(
        name: .customLong("platform"),
        help: ArgumentHelp(
            "Only the images for these platforms, separated by commas; may be repeated.",
            discussion: "One platform gives the image itself, several an index of them. Default: all, as they are.",
            valueName: "platforms"))
    var platforms: [String] = []

    @Flag(
        name: .customLong("no-attestations"),
        help: "Leave out what says how an image was made (provenance, SBOM).")
    var dropsAttestations = false

    /// - Throws: ``OCIError``.
    func choice() throws -> ImageSelection.Choice {
        ImageSelection.Choice(platforms: try PlatformWords.list(platforms), keepsAttestations: !dropsAttestations)
    }
}

/// The values of `--platform`.
enum PlatformWords {
    /// Reads lists of platforms; `local` is this machine.
    ///
    /// - Throws: ``OCIError``.
    static func list(_ values: [String]) throws -> [Platform] {
        var list: [Platform] = []
        for value in values {
            for word in value.split(separator: ",") {
                let word = word.filter { $0 != " " }
                let platform = word == "local" ? Platform.host : try AskedPlatform(word).platform
                if !list.contains(platform) { list.append(platform) }
            }
        }
        return list
    }
}
