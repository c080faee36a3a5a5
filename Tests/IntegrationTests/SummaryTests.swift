// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import OCI
import SystemPackage
import TestSupport
import Testing

extension Program {
    @Suite("What a build says at its end")
    struct SummaryTests {
        @Test("seconds of each platform's own steps, native and emulated, and of those that platforms share")
        func runTimes() async throws {
            try await Manifold.with { manifold in
                let context = try manifold.context(
                    """
                    ARG BASE
                    FROM --platform=$BUILDPLATFORM $BASE AS shared
                    RUN echo made > /made
                    FROM $BASE
                    COPY --from=shared /made /
                    RUN uname -m
                    """)
                let arguments = try Program.busybox + ["--platform", "linux/amd64,linux/arm64"]
                let log = try await manifold.build(arguments, context)
                try #require(log.succeeded, log.comment)
                let completed = try #require(log.events.last { $0["event"] == "completed" })
                let runs = completed["images"].array.map { $0["run"] }
                #expect(runs.map { $0["cached"] } == [0, 0], log.comment)
                for (run, architecture) in zip(runs, ["amd64", "arm64"]) {
                    let isEmulated = architecture != Platform.host.architecture
                    #expect((run["emulatedSeconds"] == .null) != isEmulated, log.comment)
                    #expect((run["nativeSeconds"] == .null) == isEmulated, log.comment)
                }
                #expect(completed["sharedRun"]["nativeSeconds"] != .null, log.comment)

                let again = try await manifold.run(
                    ["build", "--progress", "plain"] + arguments + ["--test", "true", context.string])
                #expect(again.errorOutput.contains(/PLATFORM +DIGEST +SIZE +RUN +AUDIT +TEST\n/), again.comment)
                #expect(again.errorOutput.contains(/\nlinux\/arm64 +\w+ +\S+ +cached +ok.* +1 passed\n/), again.comment)
                #expect(again.errorOutput.contains(/\nshared +cached\n/), again.comment)
            }
        }
    }
}
