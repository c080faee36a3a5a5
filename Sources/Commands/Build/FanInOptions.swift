// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import ArgumentParser
import Build
import Glibc
import Images
import OCI
import Store
import SystemPackage

/// The flags of `manifold build` for one of several machines that make one list together; `manifold manifest merge` joins
/// their results.
struct FanInOptions: ParsableArguments {
    @Flag(
        name: .customLong("push-by-digest"),
        help: "Push without moving a tag: what is pushed has its digest for a name, and --tag says which repository.")
    var pushesByDigest = false

    @Option(
        name: .customLong("result"),
        help: ArgumentHelp(
            "Write what was pushed to a small file, for manifold manifest merge.",
            discussion: "It is all that has to travel from the machine that builds a platform to the one that merges.",
            valueName: "file"))
    var resultFile: String?

    /// Removes what an earlier build wrote: when this one fails, that must not pass for its result.
    func removeOldResult(in environment: Environment) {
        if let resultFile, Files.isRegularFile(environment.absolute(resultFile)) {
            unlink(environment.absolute(resultFile).string)
        }
    }

    /// Writes the file.
    ///
    /// - Throws: ``BuildError``, ``StoreError``, ``CommandError``.
    func report(_ summary: BuildSummary, of outputs: OutputPlan, in environment: Environment) throws {
        guard let resultFile else { return }
        let result = FanInResult(
            summary.pushed, names: try outputs.pushedNames(), annotations: outputs.listAnnotations,
            failed: summary.failed)
        try OutputPlace.file(following: environment.absolute(resultFile)).write(try result.json)
    }
}
