// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import Build
import OCI
import Store
import Testing

@Suite("Build: when one platform fails", .enabled(if: isRoot, "steps change owners: needs root"))
struct PlatformFailureTests {
    private static let three = ["linux/amd64", "linux/arm64", "linux/arm/v7"]
    private static let dockerfile = "FROM base\nRUN write /x 1\nRUN failon arm 42\nRUN write /y 1\n"

    private func policy(keepGoing: Bool = false, _ optional: String...) throws -> (inout BuildRequest) -> Void {
        let platforms = Set(try optional.map { try Platform($0) })
        return { $0.failurePolicy = FailurePolicy(finishesOthers: keepGoing, optional: platforms) }
    }

    @Test("an optional platform is left out, which is said; the list stays a list")
    func optional() async throws {
        let place = try Workplace()
        let built = try await place.build(
            Self.dockerfile, for: ["linux/amd64", "linux/arm/v7"], try policy("linux/arm/v7"))
        #expect(built.result.images.map(\.platform.description) == ["linux/amd64"])
        #expect(built.result.root.mediaType.isIndex)
        #expect(
            built.summary.failed.map { "\($0.platform) \($0.reason) \($0.isOptional)" } == [
                "linux/arm/v7 line 3: RUN failon arm 42: exit code 42 true"
            ])
        #expect(built.warnings.contains { $0.hasPrefix("linux/arm/v7 FAILED and is left out") }, "\(built.warnings)")
    }

    @Test("the failure of another platform, or of all, is that of the build")
    func others() async throws {
        let place = try Workplace()
        let error = await #expect(throws: BuildError.self) {
            try await place.build(Self.dockerfile, for: Self.three, try policy("linux/arm64"))
        }
        #expect(error?.description.hasPrefix("linux/arm/v7: line 3:") == true)
        let all = await #expect(throws: BuildError.self) {
            try await place.build(
                "FROM base\nRUN fail 3\n", for: ["linux/amd64", "linux/arm64"], try policy("linux/amd64", "linux/arm64")
            )
        }
        #expect(all?.description.hasPrefix("2 of 2 platforms failed, and nothing is published:") == true)
    }

    @Test("with --keep-going the others are finished and kept, and the next build does only what is missing")
    func keepGoing() async throws {
        let place = try Workplace()
        let exporter = CapturingExporter()
        let error = await #expect(throws: BuildError.self) {
            try await place.build(
                Self.dockerfile, for: Self.three, exporters: [exporter], try policy(keepGoing: true))
        }
        guard case .platforms(let failed, let images) = try #require(error) else {
            Issue.record("\(String(describing: error))")
            return
        }
        #expect(failed.map(\.platform.description) == ["linux/arm/v7"])
        #expect(images.map(\.platform.description) == ["linux/amd64", "linux/arm64"])
        #expect(exporter.result == nil)
        let store = try place.store()
        for image in images { #expect(try store.readBlob(image.digest) != nil) }

        let commands = place.runner.commands.count
        let next = try await place.build(
            for: ["linux/amd64", "linux/arm64"], in: store, try policy(keepGoing: true))
        #expect(place.runner.commands.count == commands)
        #expect(next.result.images.map(\.descriptor.digest) == images.map(\.digest))
    }

    @Test("a base that one platform lacks is that platform's failure")
    func base() async throws {
        let place = try Workplace()
        let platforms = ["linux/amd64", "linux/riscv64"]
        let built = try await place.build("FROM base\nRUN write /x 1\n", for: platforms, try policy("linux/riscv64"))
        #expect(built.result.images.count == 1)
        let reason = built.summary.failed.first?.reason ?? ""
        #expect(reason.contains("base:latest has no image for linux/riscv64"), "\(reason)")
        let error = await #expect(throws: BuildError.self) {
            try await place.build(for: platforms, try policy(keepGoing: true))
        }
        #expect(error?.description.hasPrefix("1 of 2 platforms failed, and nothing is published:") == true)
        // All that is missing is told at once.
        let strict = await #expect(throws: BuildError.self) {
            try await place.build(for: platforms + ["linux/s390x"], try policy("linux/riscv64"))
        }
        #expect(strict?.description.contains("riscv64") == true && strict?.description.contains("s390x") == true)
    }

    @Test("a step that platforms share takes them all with it, and no others")
    func shared() async throws {
        let place = try Workplace()
        let dockerfile = """
            FROM --platform=$BUILDPLATFORM base AS cross
            RUN fail 7
            FROM base AS for-amd64
            FROM base AS for-arm64
            COPY --from=cross /x /x
            FROM base AS for-arm
            COPY --from=cross /x /x
            FROM for-$TARGETARCH

            """
        let built = try await place.build(
            dockerfile, for: Self.three, try policy("linux/arm64", "linux/arm/v7"))
        #expect(built.summary.failed.map(\.platform.description) == ["linux/arm64", "linux/arm/v7"])
        #expect(built.summary.failed.allSatisfy { $0.reason.contains("RUN fail 7: exit code 7") })
        #expect(place.runner.commands.count == 1)
    }
}
