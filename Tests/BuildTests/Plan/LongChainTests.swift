// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import Build
import Dockerfile
import OCI
import Testing

@Suite("Plan: many stages")
struct LongChainTests {
    private let platforms = ["linux/amd64", "linux/arm64", "linux/arm/v7"]

    @Test("a long chain of FROM is planned, in time that grows with its length", .timeLimit(.minutes(1)))
    func chain() async throws {
        let count = 3_000
        let stages = (1..<count).map { "FROM s\($0 - 1) AS s\($0)\nENV A=\($0)\nCOPY f\($0) /\n" }.joined()
        let graph = try await plan("FROM base AS s0\n" + stages, for: platforms, images: commonImages())
        #expect(graph.images.count == 3)
        // Each platform has its own base and therefore its own steps.
        #expect(graph.vertices.count == 3 * count)
        #expect(graph.vertices.allSatisfy { $0.isInImage })
        for image in graph.images {
            #expect(image.createdBy.count == 2 * (count - 1))
            #expect(image.config.env?.contains("A=\(count - 1)") == true)
        }
    }

    @Test("a chain of stages that add nothing is its first", .timeLimit(.minutes(1)))
    func emptyChain() async throws {
        let stages = (1..<3_000).map { "FROM s\($0 - 1) AS s\($0)\n" }.joined()
        let graph = try await plan("FROM scratch AS s0\n" + stages, for: platforms)
        #expect(graph.outline == ["FROM scratch [amd64 arm64 arm]"])
        #expect(graph.images.map(\.platform.description) == platforms)
    }

    @Test("a long chain of FROM and COPY --from in turns is planned", .timeLimit(.minutes(1)))
    func copies() async throws {
        let count = 2_000
        let stages = (1..<count).map { index in
            index.isMultiple(of: 2)
                ? "FROM s\(index - 1) AS s\(index)\n"
                : "FROM scratch AS s\(index)\nCOPY --from=s\(index - 1) /f /f\(index)\n"
        }
        let graph = try await plan("FROM base AS s0\n" + stages.joined(), images: commonImages())
        #expect(graph.copies.count == count / 2)
        #expect(graph.vertices.filter(\.isInImage).count == 2)
        for vertex in graph.vertices { #expect(vertex.inputs.allSatisfy { $0 < vertex.id }) }
        let results = try await Scheduler<Int>(limit: 4).run(graph) { vertex, inputs in
            (inputs.values.max() ?? 0) + (vertex.sources.isEmpty ? 0 : 1)
        }
        #expect(results.values.max() == count / 2)
    }

    @Test("a name means the last stage of that name before it")
    func repeatedNames() async throws {
        let stages = (1..<500).map { "FROM a AS a\nCOPY f\($0) /\n" }.joined()
        let graph = try await plan("FROM base AS a\n" + stages, images: commonImages())
        #expect(graph.copies.count == 499)
        #expect(graph.images[0].createdBy.count == 499)
    }

    @Test("stages that nobody needs may be wrong, the first mistake of those that are needed is told")
    func mistakes() async throws {
        let unused = "FROM --platform=/ base AS a\nFROM Bad/Name AS b\nFROM b AS c\nCOPY --from=9 / /\n"
        let graph = try await plan(unused + "FROM base\nRUN x\n", images: commonImages())
        #expect(graph.outline == ["FROM base:latest [amd64]", "RUN x [amd64]"])
        let error = await #expect(throws: DockerfileError.self) {
            try await plan(unused + "FROM c\nCOPY --from=a / /\n", images: commonImages())
        }
        #expect(error?.lines == 1...1)
    }

    @Test("a stage that only an image's trigger names is resolved and planned")
    func triggers() async throws {
        let images = try commonImages()
        try images.add("tools", for: ["linux/amd64"])
        try images.add("triggering") { $0.config?.onBuild = ["COPY --from=a /f /", "RUN --mount=from=b,target=/b x"] }
        let text = "FROM tools AS a\nRUN a\nFROM a AS b\nRUN b\nFROM tools AS c\nRUN c\nFROM triggering\nRUN own\n"
        let graph = try await plan(text, images: images)
        #expect(
            graph.vertices.map(\.step.title) == [
                "FROM tools:latest", "RUN a", "RUN b", "FROM triggering:latest", "COPY --from=a /f /",
                "RUN --mount=from=b,target=/b x", "RUN own",
            ])
    }
}
