// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import Build
import OCI
import Testing

@Suite("Build: how long steps may take", .enabled(if: isRoot, "steps change owners: needs root"))
struct TimeTests {
    @Test(
        "a time is written as flags have it",
        arguments: [
            (Duration.seconds(90), "1m30s"), (.seconds(0), "0s"), (.milliseconds(1500), "1.5s"), (.seconds(7200), "2h"),
            (.seconds(3661), "1h1m1s"), (.milliseconds(200), "0.2s"), (.seconds(60), "1m"), (.seconds(-3), "0s"),
            (.seconds(Int64.max), "ever"),
        ])
    func words(time: Duration, words: String) { #expect(time.words == words) }

    @Test("a step that takes too long fails, on the platform whose time it is; another's patience is its own")
    func platforms() async throws {
        let place = try Workplace()
        let error = await #expect(throws: BuildError.self) {
            try await place.build(
                "FROM base\nARG TARGETARCH\nRUN write /x $TARGETARCH;wait\n", for: ["linux/amd64", "linux/arm64"]
            ) { request in
                request.times.step = .seconds(50)
                request.times.platforms = [Platform(os: "linux", architecture: "arm64"): .milliseconds(200)]
            }
        }
        let sentence = error?.description ?? ""
        #expect(sentence.hasPrefix("linux/arm64: line 3: RUN write /x $TARGETARCH;wait: it was stopped after 0.2s"))
        #expect(error?.remedy?.contains("--timeout PLATFORM=DURATION") == true)
    }

    @Test("the whole build has a time, and says what ran when it was over")
    func total() async throws {
        let place = try Workplace()
        let error = await #expect(throws: TimeOut.self) {
            try await place.build("FROM base\nRUN wait\n") { $0.times.total = .seconds(3) }
        }
        #expect(
            error?.description
                == "the build was stopped after 3s, which is --timeout total; it ran linux/amd64 RUN wait")
    }

    @Test("a silent command is told of, one that prints is not")
    func silence() async throws {
        let place = try Workplace()
        let log = EventLog()
        try place.write("Dockerfile", "FROM base\nRUN wait\n")
        var request = BuildRequest(context: place.context, platforms: [try Platform("linux/amd64")])
        request.times.heartbeat = .milliseconds(50)
        request.times.step = .milliseconds(500)
        let builder = Builder(
            store: try place.store(), images: place.images, runner: place.runner, host: try Platform("linux/amd64"),
            events: EventRelay { log.append($0) })
        await #expect(throws: BuildError.self) { try await builder.build(request, exporters: []) }
        let silences = log.events.compactMap { if case .silent(_, let silence) = $0 { silence } else { nil } }
        // At growing distances.
        #expect((1...6).contains(silences.count))
        #expect(silences.allSatisfy { $0.duration >= .milliseconds(50) && $0.hint == StepSilence.idleHint })
    }
}
