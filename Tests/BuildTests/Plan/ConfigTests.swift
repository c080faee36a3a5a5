// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import Build
import Dockerfile
import OCI
import Sandbox
import Testing

@Suite("Plan: what an image's config says")
struct ConfigTests {
    private func config(
        _ lines: String, base change: (inout ImageConfig) -> Void = { _ in }
    ) async throws -> ContainerConfig {
        let images = TestImages()
        try images.add("base", change)
        let graph = try await plan("FROM base\n" + lines, images: images)
        return try #require(graph.images.first).config
    }

    @Test("a base without PATH gets the usual one; scratch has a working directory, too")
    func defaults() async throws {
        let config = try await config("")
        #expect(config.env == ["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"])
        #expect(config.workingDir == nil)
        let scratch = try await plan("FROM scratch\nCOPY a /\n").images.first?.config
        #expect(scratch?.env == config.env)
        #expect(scratch?.workingDir == "/")
    }

    @Test("a base's config is inherited, an own PATH is kept")
    func inherited() async throws {
        let config = try await config("ENV B=2\nLABEL b=2\nEXPOSE 53/UDP\n") { image in
            image.config?.env = ["PATH=/own", "A=1"]
            image.config?.labels = ["a": "1", "b": "1"]
            image.config?.exposedPorts = ["80/tcp": .init()]
            image.config?.user = "nobody"
            image.config?.workingDir = "/srv/../app/"
        }
        #expect(config.env == ["PATH=/own", "A=1", "B=2"])
        #expect(config.labels == ["a": "1", "b": "2"])
        #expect(config.exposedPorts?.keys.sorted() == ["53/udp", "80/tcp"])
        #expect(config.user == "nobody")
    }

    @Test(
        "ENTRYPOINT drops an inherited CMD, not the stage's own",
        arguments: [
            ("ENTRYPOINT [\"e\"]\n", ["e"], nil), ("CMD [\"c\"]\nENTRYPOINT [\"e\"]\n", ["e"], ["c"]),
            ("ENTRYPOINT [\"e\"]\nCMD [\"c\"]\n", ["e"], ["c"]), ("CMD [\"c\"]\n", ["old"], ["c"]),
            ("ENTRYPOINT []\n", [], nil), ("CMD []\n", ["old"], []),
            ("SHELL [\"/bin/x\", \"-y\"]\nENTRYPOINT e f\n", ["/bin/x", "-y", "e f"], nil),
            ("CMD c d\n", ["old"], ["/bin/sh", "-c", "c d"]),
        ] as [(String, [String], [String]?)])
    func entrypoint(lines: String, entrypoint: [String], command: [String]?) async throws {
        let config = try await config(lines) { image in
            image.config?.entrypoint = ["old"]
            image.config?.cmd = ["inherited"]
        }
        #expect(config.entrypoint ?? [] == entrypoint)
        #expect(config.cmd == command)
    }

    @Test("a stage that starts from a stage inherits its CMD as from an image")
    func stageCommand() async throws {
        let graph = try await plan("FROM base AS a\nCMD c\nFROM a\nENTRYPOINT [\"e\"]\n", images: commonImages())
        #expect(graph.images.first?.config.cmd == nil)
    }

    @Test("everything else lands where it should")
    func others() async throws {
        let config = try await config(
            """
            WORKDIR /a
            WORKDIR b/../c/
            USER me:us
            VOLUME /v ["/w"]
            VOLUME ["/x", "/y"]
            STOPSIGNAL SIGINT
            SHELL ["/bin/bash", "-c"]
            HEALTHCHECK --interval=5s --retries=3 CMD check it
            """)
        #expect(config.workingDir == "/a/c")
        #expect(config.user == "me:us")
        #expect(config.volumes?.keys.contains("/x") == true)
        #expect(config.volumes?.keys.contains("/v") == true)
        #expect(config.stopSignal == "SIGINT")
        #expect(config.shell == ["/bin/bash", "-c"])
        #expect(config.healthcheck?.test == ["CMD-SHELL", "check it"])
        #expect(config.healthcheck?.interval == 5_000_000_000)
        #expect(config.healthcheck?.retries == 3)
    }

    @Test("MAINTAINER is the author")
    func maintainer() async throws {
        let graph = try await plan("FROM base\nMAINTAINER Me <me@here>\n", images: commonImages())
        #expect(graph.images.first?.author == "Me <me@here>")
    }

    @Test(
        "of ENV and ARG the last instruction wins for RUN; only ENV lands in the config",
        arguments: [
            ("ARG A=arg\nENV A=env\n", "env"), ("ENV A=env\nARG A=arg\n", "arg"), ("ARG A=arg\nENV A=x-$A\n", "x-arg"),
            ("ENV A=1\nENV A=2 B=$A\nENV A=$B\n", "1"), ("ARG A\n", nil), ("ARG A=\n", ""),
            ("ARG B=b\nARG A=$B\n", "b"), ("ENV B=e\nARG A=${B:-d}\n", "e"),
        ])
    func precedence(lines: String, value: String?) async throws {
        let graph = try await plan("FROM base\n\(lines)RUN x\n", images: commonImages())
        #expect(graph.runs[0].environment.first { $0.hasPrefix("A=") } == value.map { "A=\($0)" })
        let config = try #require(graph.images.first?.config)
        if !lines.contains("ENV A") { #expect(config.env?.contains { $0.hasPrefix("A=") } == false) }
    }

    @Test(
        "--build-arg wins over defaults and globals, and is nothing without ARG",
        arguments: [
            ("ARG A=local\n", "given"), ("ARG A\n", "given"), ("", nil), ("ARG A=local\nENV A=env\n", "env"),
        ])
    func given(lines: String, value: String?) async throws {
        let graph = try await plan("ARG A=global\nFROM base\n\(lines)RUN x\n", images: commonImages()) {
            $0.buildArguments = ["A": "given"]
        }
        #expect(graph.runs[0].environment.first { $0.hasPrefix("A=") } == value.map { "A=\($0)" })
    }

    @Test("ARGs go on in stages that start from the stage")
    func inheritedArguments() async throws {
        let graph = try await plan(
            "FROM base AS a\nARG A=1\nFROM a\nARG B=2\nRUN x\n", images: commonImages())
        #expect(graph.runs[0].environment.filter { !$0.hasPrefix("PATH=") } == ["A=1", "B=2"])
        #expect(graph.images.first?.createdBy.last == "RUN |2 A=1 B=2 /bin/sh -c x # buildkit")
    }

    @Test(
        "platform arguments have the values of host and target, where they are declared",
        arguments: [
            ("linux/arm64", "linux/arm64", "arm64", ""), ("linux/arm/v7", "linux/arm/v7", "arm", "v7"),
            ("linux/amd64", "linux/amd64", "amd64", ""),
        ])
    func platformArguments(platform: String, target: String, architecture: String, variant: String) async throws {
        let names = ["TARGETPLATFORM", "TARGETOS", "TARGETARCH", "TARGETVARIANT", "BUILDPLATFORM", "BUILDARCH"]
        let text = "FROM base\n" + names.map { "ARG \($0)\n" }.joined() + "ARG TARGETSTAGE\nRUN x\n"
        let graph = try await plan(text, for: [platform], images: commonImages())
        #expect(
            graph.runs[0].environment.filter { !$0.hasPrefix("PATH=") } == [
                "TARGETPLATFORM=\(target)", "TARGETOS=linux", "TARGETARCH=\(architecture)", "TARGETVARIANT=\(variant)",
                "BUILDPLATFORM=linux/amd64", "BUILDARCH=amd64", "TARGETSTAGE=default",
            ])
    }

    @Test("proxies reach RUN in both spellings without being part of the step")
    func proxies() async throws {
        func run(_ arguments: [String: String], _ lines: String = "") async throws -> BuildGraph {
            try await plan("FROM base\n\(lines)RUN x\n", images: commonImages()) { $0.buildArguments = arguments }
        }
        let plain = try await run([:])
        let proxied = try await run(["http_proxy": "http://p", "OTHER": "1"])
        #expect(proxied.runs[0].proxies == ["HTTP_PROXY=http://p", "http_proxy=http://p"])
        #expect(proxied.runs[0] == plain.runs[0])
        let mixed = try await run(["Https_Proxy": "p", "no_proxy": "a", "NO_PROXY": "b"])
        #expect(mixed.runs[0].proxies == ["HTTPS_PROXY=p", "https_proxy=p", "NO_PROXY=b", "no_proxy=a"])
        #expect(proxied.images[0].history == plain.images[0].history)
        let declared = try await run(["http_proxy": "http://p"], "ARG http_proxy\n")
        #expect(declared.runs[0].proxies == ["HTTP_PROXY=http://p"])
        #expect(declared.runs[0].environment.contains("http_proxy=http://p"))
        #expect(declared.runs[0] != plain.runs[0])
    }

    @Test("RUN has the shell, user, directory and network of its place")
    func run() async throws {
        let text = """
            FROM base
            RUN a b
            RUN ["c", "d"]
            SHELL ["/bin/bash", "-ec"]
            USER me
            WORKDIR /w
            RUN --network=none e
            RUN <<E
            one
            two
            E
            RUN <<S
            #!/usr/bin/python3
            print()
            S
            """
        let runs = try await plan(text, images: commonImages()) { $0.network = .host }.runs
        #expect(runs[0].arguments == ["/bin/sh", "-c", "a b"])
        #expect(runs[1].arguments == ["c", "d"])
        #expect(runs[2].arguments == ["/bin/bash", "-ec", "e"])
        #expect(runs[2].network == .none)
        #expect(runs[0].network == .host)
        #expect(runs[2].user == "me")
        #expect(runs[2].workingDirectory == "/w")
        #expect(runs[3].arguments == ["/bin/bash", "-ec", "one\ntwo\n"])
        #expect(runs[4].scripts.map(\.content) == ["#!/usr/bin/python3\nprint()\n"])
        #expect(runs[4].arguments.last == "/dev/pipes/S")
    }

    @Test("history texts are BuildKit's")
    func history() async throws {
        let text = """
            FROM base
            ARG A=1 B
            ENV X=y
            LABEL l=v
            RUN echo hi
            COPY --chown=1:2 a b /c/
            ADD d /e
            WORKDIR /w
            WORKDIR /
            USER me
            EXPOSE 81/udp 80
            VOLUME /a /b
            STOPSIGNAL 9
            SHELL ["/bin/x", "-c"]
            CMD ["p", "q r"]
            ENTRYPOINT e
            ONBUILD RUN later
            MAINTAINER me
            """
        let image = try #require(try await plan(text, images: commonImages()).images.first)
        let expected = [
            "(ARG A=1 B)", "(ENV X=y)", "(LABEL l=v)", "RUN |2 A=1 B= /bin/sh -c echo hi # buildkit",
            "COPY --chown=1:2 a b /c/ # buildkit", "ADD d /e # buildkit", "WORKDIR /w", "(WORKDIR /)", "(USER me)",
            "(EXPOSE [80/tcp 81/udp])", "(VOLUME [/a /b])", "(STOPSIGNAL 9)", "(SHELL [/bin/x -c])",
            "(CMD [\"p\" \"q r\"])", "(ENTRYPOINT [\"/bin/x\" \"-c\" \"e\"])", "(MAINTAINER me)",
        ]
        #expect(image.createdBy == expected)
        #expect(image.history.first == .inherited(.init(created: "2020-01-01T00:00:00Z", createdBy: "base")))
    }

    @Test(
        "ARGs are in the history with the values that they end up with, each once, in the order of their declarations")
    func argumentHistory() async throws {
        let text = """
            ARG GLOBAL=g
            FROM base
            ARG A=1 GLOBAL
            ARG TARGETARCH
            ARG B=b
            RUN x
            ENV A=env
            ARG B=c NONE BUILDKIT_SBOM_SCAN_STAGE=true
            RUN ["y", "z"]
            """
        let graph = try await plan(text, images: commonImages()) { $0.buildArguments = ["B": "given"] }
        #expect(
            graph.images.first?.createdBy == [
                "(ARG A=1 GLOBAL=g)", "(ARG TARGETARCH=amd64)", "(ARG B=given)",
                "RUN |4 A=1 GLOBAL=g TARGETARCH=amd64 B=given /bin/sh -c x # buildkit", "(ENV A=env)",
                "(ARG B=given NONE BUILDKIT_SBOM_SCAN_STAGE=true)",
                "RUN |6 A=env GLOBAL=g TARGETARCH=amd64 B=given NONE= BUILDKIT_SBOM_SCAN_STAGE=true y z # buildkit",
            ])
        #expect(graph.runs[1].environment.contains { $0.hasPrefix("BUILDKIT") } == false)
        #expect(graph.runs[1].environment.contains { $0.hasPrefix("NONE") } == false)
    }

    @Test("a base whose history forgets layers gets entries for them, so that history and layers agree")
    func shortHistory() async throws {
        for history in [nil, [ImageConfig.History(createdBy: "first")]] as [[ImageConfig.History]?] {
            let images = TestImages()
            try images.add("base", layers: [[.file("a")], [.file("b")], [.file("c")]]) { $0.history = history }
            let image = try #require(try await plan("FROM base\nRUN x\n", images: images).images.first)
            let layers = image.history.filter { entry in
                switch entry {
                case .inherited(let history): history.emptyLayer != true
                case .layer: true
                case .metadata: false
                }
            }
            #expect(layers.count == 4)
            if let first = history?.first { #expect(image.history.first == .inherited(first)) }
        }
    }
}
