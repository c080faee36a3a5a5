// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import Build
import Dockerfile
import OCI
import Testing

@Suite("Plan: FROM and COPY --from")
struct NamesTests {
    private func images() throws -> TestImages {
        let images = try commonImages()
        try images.add("tools", for: ["linux/amd64", "linux/arm64"])
        return images
    }

    @Test("COPY --from takes a name in any case, a number or an image", arguments: ["a", "A", "0"])
    func stages(name: String) async throws {
        let graph = try await plan("FROM base AS a\nRUN x\nFROM base\nCOPY --from=\(name) /x /\n", images: images())
        let copy = try #require(graph.vertices.last)
        #expect(copy.sources.first.map { graph.vertices[$0].step.title } == "RUN x")
    }

    @Test("COPY --from an image takes that of the stage's platform")
    func image() async throws {
        let graph = try await plan(
            "FROM base\nCOPY --from=tools /x /\n", for: ["linux/arm64"], images: images())
        let source = try #require(graph.vertices.last?.sources.first)
        guard case .base(let image) = graph.vertices[source].operation else {
            Issue.record("no base: \(graph.vertices[source])")
            return
        }
        #expect(image.reference.familiar == "tools:latest")
        #expect(image.platform.architecture == "arm64")
        #expect(!graph.vertices[source].isInImage)
    }

    @Test(
        "later stages, the stage itself and numbers of no stage are errors",
        arguments: [
            ("later", "it needs to be defined before"), ("1", "it needs to be defined before"),
            ("self", "defined before"),
            ("0", "defined before"), ("7", "no stage of that number"), ("UPPER/Case", "lower-case"),
        ])
    func badSources(name: String, message: String) async throws {
        let text = "FROM base AS self\nCOPY --from=\(name) /x /\nFROM self AS later\n"
        let error = await #expect(throws: DockerfileError.self) { try await plan(text, images: images()) }
        #expect(error?.sentence.contains(message) == true, "\(String(describing: error))")
        #expect(error?.lines == 2...2)
    }

    @Test("a stage that starts from a stage has its platform, whatever its own --platform says")
    func inherited() async throws {
        let text = """
            FROM --platform=linux/arm64 base AS a
            RUN one
            FROM --platform=linux/amd64 a
            RUN two
            """
        let graph = try await plan(text, images: images())
        #expect(graph.runs.map(\.platform.architecture) == ["arm64", "arm64"])
    }

    @Test("FROM scratch is of the target platform")
    func scratch() async throws {
        let graph = try await plan(
            "FROM --platform=linux/arm64 scratch\nCOPY a /\n", for: ["linux/amd64"])
        #expect(graph.images.map(\.platform.description) == ["linux/amd64"])
    }

    @Test("global ARGs are known to FROM lines and, once declared, to stages")
    func globals() async throws {
        let text = """
            ARG NAME=base
            ARG TAG=1
            ARG FULL=$NAME:${TAG}
            FROM $FULL AS one
            RUN no $NAME
            ARG NAME
            ARG TAG=local
            RUN yes
            """
        let images = TestImages()
        try images.add("base:2")
        let graph = try await plan(text, images: images) { $0.buildArguments = ["TAG": "2"] }
        #expect(!graph.runs[0].environment.contains { $0.hasPrefix("NAME=") })
        #expect(graph.runs[1].environment.contains("NAME=base"))
        #expect(graph.runs[1].environment.contains("TAG=2"))
        #expect(images.resolved == ["base:2 linux/amd64"])
    }

    @Test("an unknown platform in FROM is an error of that line with a suggestion")
    func unknownPlatform() async throws {
        let error = await #expect(throws: DockerfileError.self) {
            try await plan("ARG P=linux/aarch6\nFROM --platform=$P base\n", images: images())
        }
        #expect(error?.lines == 2...2)
        #expect(error?.description.contains("linux/aarch64") == true)
    }

    @Test("an empty base name says which variable is empty")
    func emptyName() async throws {
        let error = await #expect(throws: DockerfileError.self) { try await plan("FROM $NAME\n", images: images()) }
        #expect(error?.description.contains("$NAME") == true)
    }

    @Test("triggers of a base run right after FROM, once")
    func onBuild() async throws {
        let images = try images()
        try images.add("triggering") { $0.config?.onBuild = ["RUN trigger", "COPY --from=tools /t /t"] }
        let graph = try await plan(
            "FROM triggering AS one\nRUN own\nFROM one\nRUN two\n", images: images)
        #expect(graph.runs.map { $0.arguments.last } == ["trigger", "own", "two"])
        #expect(graph.copies.map(\.sources) == [[.path("/t")]])
        #expect(graph.images.first?.config.onBuild == nil)
        #expect(images.resolved.contains("tools:latest linux/amd64"))
    }

    @Test("ONBUILD of a stage is kept for its image and runs in stages that start from it")
    func onBuildOfStage() async throws {
        let text = "FROM base AS a\nONBUILD RUN trigger\nONBUILD COPY --from=tools /t /t\nFROM a\nRUN own\n"
        let graph = try await plan(text, images: images())
        #expect(graph.runs.map { $0.arguments.last } == ["trigger", "own"])
        #expect(graph.copies.count == 1)
        #expect(graph.images.first?.config.onBuild == nil)
        let kept = try await plan(text, images: images()) { $0.target = "a" }
        #expect(kept.images.first?.config.onBuild == ["RUN trigger", "COPY --from=tools /t /t"])
        #expect(kept.runs.isEmpty)
    }

    @Test("a bad trigger is an error of the FROM line that says where it comes from")
    func badTrigger() async throws {
        let images = TestImages()
        try images.add("triggering") { $0.config?.onBuild = ["NONSENSE x"] }
        let error = await #expect(throws: DockerfileError.self) {
            try await plan("\nFROM triggering\n", images: images)
        }
        #expect(error?.lines == 2...2)
        #expect(error?.message.hasPrefix("ONBUILD NONSENSE x:") == true)
    }
}
