// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import Build
import Dockerfile
import OCI
import SystemPackage
import Testing

@Suite("Plan: named contexts")
struct NamedContextTests {
    private func images() throws -> TestImages {
        let images = try commonImages()
        try images.add("other", for: ["linux/amd64", "linux/arm64"])
        try images.add("starter", for: ["linux/amd64"]) { config in
            config.config = ContainerConfig()
            config.config?.onBuild = ["RUN triggered"]
        }
        return images
    }

    private func titles(
        _ text: String, for platforms: [String] = ["linux/amd64"], _ contexts: [(String, NamedContext.Source)]
    ) async throws -> [String] {
        let contexts = try contexts.map { try NamedContext(name: $0.0, source: $0.1) }
        return try await plan(text, for: platforms, images: images()) { $0.contexts = contexts }.outline
    }

    @Test(
        "names of images are the same with and without what is understood, and in any case",
        arguments: [
            ("base", "base", true), ("base", "docker.io/library/base:latest", true), ("base:latest", "base", true),
            ("Base", "BASE", true), ("docker.io/base", "index.docker.io/library/base", true), ("base:1", "base", false),
            ("base", "base:1", false), ("base:Tag", "base:tag", false), ("example.org/base", "base", false),
            ("base:1", "docker.io/library/base:1", true),
        ])
    func keys(context: String, name: String, matches: Bool) async throws {
        let text = "FROM scratch\nCOPY --from=\(name) /x /\n"
        let graph = try? await titles(text, [(context, .directory(ContextDirectory("/files")))])
        #expect((graph?.contains("FROM /files [amd64]") == true) == matches, "\(graph ?? [])")
    }

    @Test("a name may be for one platform, which then goes before the one for all")
    func platforms() async throws {
        let contexts: [(String, NamedContext.Source)] = [
            ("base::linux/arm64", .image(try Reference("other"))), ("base", .directory(ContextDirectory("/files"))),
        ]
        let outline = try await titles("FROM base\nRUN x\n", for: ["linux/amd64", "linux/arm64"], contexts)
        #expect(outline.contains("FROM /files [amd64]") && outline.contains("FROM other:latest [arm64]"))
        #expect(outline.filter { $0.hasPrefix("RUN x") } == ["RUN x [amd64]", "RUN x [arm64]"])
    }

    @Test("a stage that is replaced is not built, nor is what only it needs")
    func replaced() async throws {
        let text = """
            FROM missing AS deps
            RUN deps
            FROM deps AS tools
            COPY --from=nowhere /x /
            RUN tools
            FROM base
            COPY --from=Tools /x /
            """
        let outline = try await titles(text, [("TOOLS", .image(try Reference("other")))])
        #expect(
            outline == ["FROM base:latest [amd64]", "FROM other:latest [amd64]", "COPY --from=Tools /x / [amd64]"]
                || outline == [
                    "FROM other:latest [amd64]", "FROM base:latest [amd64]", "COPY --from=Tools /x / [amd64]",
                ],
            "\(outline)")
    }

    @Test("the target itself can be replaced, and the image is then as it was")
    func target() async throws {
        let context = try NamedContext(name: "app", source: .image(try Reference("starter")))
        let graph = try await plan("FROM missing AS app\nRUN x\nENV a=b\n", images: images()) {
            $0.contexts = [context]
        }
        #expect(graph.outline == ["FROM starter:latest [amd64]"])
        #expect(graph.images.first?.config.onBuild == ["RUN triggered"])
    }

    @Test("triggers of an image in a stage's place run where the stage is started from")
    func triggers() async throws {
        let text = "FROM missing AS app\nRUN x\nFROM app\nRUN y\n"
        let outline = try await titles(text, [("app", .image(try Reference("starter")))])
        #expect(outline == ["FROM starter:latest [amd64]", "RUN triggered [amd64]", "RUN y [amd64]"])
    }

    @Test("FROM a directory is scratch with its files, as one layer")
    func directory() async throws {
        let context = try NamedContext(name: "app", source: .directory(ContextDirectory("/files")))
        let graph = try await plan("FROM app\nRUN x\n", images: images()) { $0.contexts = [context] }
        #expect(graph.vertices.map(\.operation).first == .scratch)
        #expect(graph.copies.map(\.sources) == [[.path("/")]] && graph.copies.map(\.destination) == ["/"])
        #expect(graph.images.first?.config.env == ["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"])
        #expect(graph.images.first?.createdBy.count == 2)
    }

    @Test("scratch stays scratch, and a context can be nothing")
    func scratch() async throws {
        let files = NamedContext.Source.directory(ContextDirectory("/files"))
        #expect(try await titles("FROM scratch\nCOPY a /\n", [("scratch", files)]).first == "FROM scratch [amd64]")
        #expect(try await titles("FROM base\nRUN x\n", [("base", .scratch)]).first == "FROM scratch [amd64]")
    }
}
