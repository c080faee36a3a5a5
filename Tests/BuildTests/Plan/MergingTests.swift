// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import Build
import Dockerfile
import OCI
import Testing

@Suite("Plan: one graph for all platforms")
struct MergingTests {
    let three = ["linux/amd64", "linux/arm64", "linux/arm/v7"]

    @Test("steps on the build platform are one for all targets, up to the ARG that tells them apart")
    func buildPlatform() async throws {
        let text = """
            FROM --platform=$BUILDPLATFORM base AS build
            RUN tools
            COPY . /src
            ARG TARGETARCH
            RUN compile
            FROM base
            COPY --from=build /out /bin
            """
        let graph = try await plan(text, for: three, images: commonImages())
        // Three bases (amd64's is the build platform's too), the shared steps, and what is done for each target.
        #expect(graph.outline.count == 11)
        #expect(graph.outline.filter { $0.hasPrefix("RUN tools") } == ["RUN tools [amd64 arm64 arm]"])
        #expect(graph.outline.filter { $0.hasPrefix("COPY . ") } == ["COPY . /src [amd64 arm64 arm]"])
        #expect(graph.outline.filter { $0.hasPrefix("RUN compile") }.count == 3)
        #expect(graph.runs.allSatisfy { $0.platform.architecture == "amd64" })
        #expect(Set(graph.runs.map(\.environment).filter { $0.contains("TARGETARCH=arm64") }).count == 1)
        #expect(graph.images.map(\.platform.description) == three)
    }

    @Test("a target variable that is used before its ARG is empty and splits nothing")
    func unusedArgument() async throws {
        let graph = try await plan(
            "FROM --platform=$BUILDPLATFORM base\nRUN one\nENV A=$TARGETARCH\nRUN two\n", for: three,
            images: commonImages())
        #expect(graph.runs.count == 2)
        #expect(graph.runs.allSatisfy { !$0.environment.contains { $0.hasPrefix("TARGETARCH") } })
    }

    @Test("native steps are one for each platform, and equal stages within one platform are one")
    func natives() async throws {
        let text = """
            FROM base AS a
            RUN same
            FROM base AS b
            RUN same
            FROM base
            COPY --from=a /x /
            COPY --from=b /x /
            """
        let graph = try await plan(text, for: three, images: commonImages())
        #expect(graph.outline.filter { $0.hasPrefix("RUN same") }.count == 3)
        #expect(graph.images.count == 3)
        for image in graph.images { #expect(graph.vertices[image.vertex].isInImage) }
        #expect(graph.vertices.filter { $0.step.title == "RUN same" }.allSatisfy { !$0.isInImage })
    }

    @Test("copies onto scratch are one for all platforms")
    func scratch() async throws {
        let graph = try await plan("FROM scratch\nCOPY a /\nWORKDIR /w\n", for: three)
        #expect(graph.outline == ["FROM scratch", "COPY a /", "WORKDIR /w"].map { "\($0) [amd64 arm64 arm]" })
        #expect(Set(graph.images.map(\.vertex)).count == 1)
    }

    @Test("every vertex comes after what it needs")
    func order() async throws {
        let text = """
            FROM base AS a
            RUN one
            FROM a AS b
            COPY --from=a /x /
            FROM base
            COPY --from=b /x /
            COPY --from=0 /y /
            """
        let graph = try await plan(text, for: three, images: commonImages())
        for vertex in graph.vertices { for input in vertex.inputs { #expect(input < vertex.id) } }
    }

    @Test("stages that the target does not need are neither resolved nor planned")
    func unreachable() async throws {
        let images = try commonImages()
        let text = """
            FROM missing AS unused
            RUN never
            FROM base AS wanted
            RUN this
            FROM wanted AS last
            RUN --mount=type=ssh that
            """
        let graph = try await plan(text, for: three, images: images) { $0.target = "wanted" }
        #expect(Set(graph.vertices.map(\.step.title)) == ["FROM base:latest", "RUN this"])
        #expect(Set(images.resolved) == Set(three.map { "base:latest \($0)" }))
    }

    @Test("steps are numbered within their stage, FROM being the first")
    func positions() async throws {
        let graph = try await plan("FROM base AS x\nENV A=1\nRUN a\nWORKDIR /w\nCOPY . .\n", images: commonImages())
        let positions = graph.vertices.compactMap(\.step.position)
        #expect(positions.map(\.number) == [2, 3, 4])
        #expect(positions.allSatisfy { $0.count == 4 })
        #expect(graph.vertices.allSatisfy { $0.step.stage == "x" })
        #expect(graph.vertices.map(\.step.lines?.lowerBound) == [1, 3, 4, 5])
    }

    @Test("bases that lack platforms are one error that names all of them and what there is")
    func lackingPlatforms() async throws {
        let images = try commonImages()
        try images.add("small", for: ["linux/amd64", "linux/arm64"])
        let text = "FROM small AS a\nFROM nothing AS b\nFROM base\nCOPY --from=a / /\nCOPY --from=b / /\n"
        let error = await #expect(throws: BuildError.self) { try await plan(text, for: three, images: images) }
        guard case .unavailableBases(let bases) = error else {
            Issue.record("\(String(describing: error))")
            return
        }
        #expect(bases.count == 4)
        let description = error?.description ?? ""
        #expect(
            description.contains("line 1: small:latest has no image for linux/arm/v7; it has linux/amd64, linux/arm64"))
        #expect(
            description.contains("line 2: cannot resolve nothing:latest for linux/arm64: there is no nothing:latest"))
        #expect(error?.remedy?.contains("--platform") == true)
    }
}
