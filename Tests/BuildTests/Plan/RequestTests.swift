// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import Build
import Dockerfile
import OCI
import Sandbox
import SystemPackage
import Testing

@Suite("Plan: what the command line asks for")
struct RequestTests {
    private func warnings(
        _ text: String, for platforms: [String] = ["linux/amd64"], _ change: (inout BuildRequest) -> Void
    ) async throws -> [String] {
        try await planWithWarnings(text, for: platforms, images: commonImages(), change).warnings
    }

    @Test(
        "a build argument that no ARG takes is told of, with the one that was probably meant",
        arguments: [
            ("VERSION", "ARG VERSION\nFROM base\n", nil), ("VERSION", "FROM base\nARG VERSION\n", nil),
            ("VERSION", "FROM base AS other\nARG VERSION\nFROM base\n", nil),
            (
                "VERSIN", "FROM base\nARG VERSION\n",
                "--build-arg VERSIN is not used: the Dockerfile has no ARG VERSIN (did you mean VERSION?)"
            ),
            ("OTHER", "FROM base\n", "--build-arg OTHER is not used: the Dockerfile has no ARG OTHER"),
            (
                "version", "FROM base\nENV version=1\n",
                "--build-arg version is not used: the Dockerfile has no ARG version"
            ),
            ("http_proxy", "FROM base\n", nil), ("No_Proxy", "FROM base\n", nil), ("TARGETARCH", "FROM base\n", nil),
            ("BUILDKIT_INLINE_CACHE", "FROM base\n", nil), ("SOURCE_DATE_EPOCH", "FROM base\n", nil),
        ])
    func unused(name: String, text: String, warning: String?) async throws {
        let platforms = ["linux/amd64", "linux/arm64"]
        #expect(
            try await warnings(text, for: platforms) { $0.buildArguments = [name: "1"] } == (warning.map { [$0] } ?? [])
        )
    }

    @Test("a base's triggers take build arguments, too")
    func usedByTriggers() async throws {
        let images = TestImages()
        try images.add("base") { $0.config?.onBuild = ["ARG LATER"] }
        let plan = try await planWithWarnings("FROM base\nRUN x\n", images: images) {
            $0.buildArguments = ["LATER": "1"]
        }
        #expect(plan.warnings.isEmpty)
        #expect(plan.graph.runs[0].environment.contains("LATER=1"))
    }

    @Test("--platform on a stage is told of where the stage has another platform, once, with its line")
    func ineffectivePlatform() async throws {
        let text = "FROM --platform=$BUILDPLATFORM base AS a\nFROM --platform=$TARGETPLATFORM a\nCOPY x /\n"
        #expect(
            try await warnings(text, for: ["linux/amd64", "linux/arm64"]) { _ in } == [
                "2: FROM --platform=$TARGETPLATFORM a has no effect: the stage is built for linux/amd64; "
                    + "set the platform where that stage begins"
            ])
        #expect(try await warnings("FROM base AS a\nFROM --platform=linux/amd64 a\n") { _ in }.isEmpty)
        #expect(try await warnings("FROM base AS a\nFROM --platform=linux/arm64 a\nFROM base\n") { _ in }.isEmpty)
    }

    @Test("--no-cache-filter makes the steps of its stages anew, and a stage that is not there is told of")
    func filter() async throws {
        let text = "FROM base AS one\nRUN a\nFROM base AS two\nRUN b\nCOPY --from=one /x /\nFROM two\nRUN c\n"
        let plan = try await planWithWarnings(text, images: commonImages()) { $0.uncachedStages = ["ONE", "2", "tow"] }
        let policies = plan.graph.vertices.filter { $0.step.title.hasPrefix("RUN") }
            .sorted { $0.step.title < $1.step.title }.map(\.cachePolicy)
        #expect(policies == [.refresh, .use, .refresh])
        #expect(plan.warnings == ["--no-cache-filter tow: there is no stage of that name (did you mean two?)"])
    }

    @Test("a step's name has hosts without their addresses, limits, the size of /dev/shm and the host name")
    func settings() async throws {
        func run(_ change: (inout BuildRequest) -> Void) async throws -> RunOperation {
            try await plan("FROM base\nRUN x\n", images: commonImages(), change).runs[0]
        }
        let plain = try await run { _ in }
        #expect(plain.hostname == "buildkitsandbox")
        let host = try await run { $0.runSettings.hosts = [HostEntry(name: "db", address: "10.0.0.1")] }
        let moved = try await run { $0.runSettings.hosts = [HostEntry(name: "db", address: "10.0.0.2")] }
        #expect(host == moved)
        #expect(host != plain)
        #expect(host.settings.hosts.first?.address == "10.0.0.1")
        #expect(try await run { $0.runSettings.limits = [ResourceLimit(.openFiles, soft: 1, hard: 2)] } != plain)
        #expect(try await run { $0.runSettings.sharedMemory = 1 << 20 } != plain)
        let named = try await run { $0.buildArguments = ["BUILDKIT_SANDBOX_HOSTNAME": "box"] }
        #expect(named.hostname == "box")
        #expect(named != plain)
    }

    @Test("BUILDKIT_CACHE_MOUNT_NS keeps caches apart and is no part of the step")
    func cacheNamespace() async throws {
        func run(_ namespace: String?) async throws -> (RunOperation, String?) {
            let graph = try await plan(
                "FROM base\nRUN --mount=type=cache,target=/c x\n", images: commonImages()
            ) { $0.buildArguments["BUILDKIT_CACHE_MOUNT_NS"] = namespace }
            guard case .cache(let cache) = graph.runs[0].mounts.first?.kind else { return (graph.runs[0], nil) }
            return (graph.runs[0], cache.name)
        }
        let (plain, shared) = try await run(nil)
        let (other, own) = try await run("project")
        #expect(shared == "path /c linux/amd64")
        #expect(own == "project/path /c linux/amd64")
        #expect(plain == other)
    }

    @Test(
        "what needs to be allowed and is not is an error that says how",
        arguments: [
            ("RUN --security=insecure x", NetworkMode.host, Entitlement.insecure),
            ("RUN --network=host x", .none, .hostNetwork),
        ])
    func entitlements(line: String, network: NetworkMode, entitlement: Entitlement) async throws {
        func planned(_ entitlements: Set<Entitlement>) async throws -> RunOperation {
            try await plan("FROM base\n\(line)\n", images: commonImages()) {
                $0.network = network
                $0.runSettings.entitlements = entitlements
            }.runs[0]
        }
        let error = await #expect(throws: DockerfileError.self) { try await planned([]) }
        #expect(error?.message.contains("--allow \(entitlement.rawValue)") == true)
        #expect(error?.lines == 2...2)
        let run = try await planned([entitlement])
        #expect(run.network == .host)
        #expect(run.confinement == (entitlement == .insecure ? .none : .container))
    }

    @Test("the host's network may be asked for where it is the default")
    func hostNetwork() async throws {
        #expect(try await plan("FROM base\nRUN --network=host x\n", images: commonImages()).runs[0].network == .host)
    }

    @Test("a device that is required is an error, another one a warning")
    func devices() async throws {
        let error = await #expect(throws: DockerfileError.self) {
            try await plan("FROM base\nRUN --device=v.com/gpu=0,required x\n", images: commonImages())
        }
        #expect(error?.message.contains("no daemon") == true)
        let optional = try await warnings("FROM base\nRUN --device=v.com/gpu x\n") { _ in }
        #expect(optional.count == 1)
        #expect(optional.first?.hasPrefix("2: RUN --device=v.com/gpu: the step runs without it") == true)
    }

    @Test("a text for the shell that is too long for an argument comes from a file")
    func longCommand() async throws {
        let long = String(repeating: "1234567\n", count: 16 << 10)
        let runs = try await plan(
            "FROM base\nRUN <<E\n\(long)E\nRUN <<E\n\(long.dropFirst())E\n", images: commonImages()
        ).runs
        #expect(runs[0].arguments == ["/bin/sh", "-c", ". /dev/pipes/command"])
        #expect(runs[0].scripts == [InlineFile(name: "command", content: long)])
        #expect(runs[1].scripts.isEmpty)
        #expect(runs[1].arguments.last?.utf8.count == (128 << 10) - 1)
    }

    @Test(
        "SOURCE_DATE_EPOCH may be a global ARG; the command line goes first, and an empty value is none",
        arguments: [
            ("ARG SOURCE_DATE_EPOCH=5\n", nil, 5), ("ARG SOURCE_DATE_EPOCH=5\n", "7", 7),
            ("ARG T=9\nARG SOURCE_DATE_EPOCH=$T\n", nil, 9), ("ARG SOURCE_DATE_EPOCH=\n", nil, nil),
            ("ARG SOURCE_DATE_EPOCH\n", nil, 3), ("", nil, 3), ("ARG SOURCE_DATE_EPOCH=context\n", nil, 3),
            ("ARG SOURCE_DATE_EPOCH=5\n", "", nil),
        ] as [(String, String?, Int64?)])
    func epoch(lines: String, argument: String?, seconds: Int64?) throws {
        let dockerfile = try Dockerfile(parsing: Array("\(lines)FROM scratch\n".utf8))
        let host = try Platform("linux/amd64")
        var request = BuildRequest(context: FilePath("/nowhere"), platforms: [host])
        request.epoch = SourceEpoch(seconds: 3, origin: .commit)
        if let argument {
            request.buildArguments["SOURCE_DATE_EPOCH"] = argument
            request.epoch = SourceEpoch(argument)
        }
        let epoch = try SourceEpoch.chosen(request, dockerfile, host: host)
        #expect(epoch?.seconds == seconds)
        #expect((epoch?.origin == .commit) == (!lines.contains("=") && argument == nil))
    }

    @Test("a SOURCE_DATE_EPOCH that is no time is an error at its line", arguments: ["yesterday", "-1", "context"])
    func badEpoch(value: String) throws {
        let dockerfile = try Dockerfile(parsing: Array("ARG SOURCE_DATE_EPOCH=\(value)\nFROM scratch\n".utf8))
        let host = try Platform("linux/amd64")
        let request = BuildRequest(context: FilePath("/nowhere"), platforms: [host])
        let error = #expect(throws: DockerfileError.self) {
            try SourceEpoch.chosen(request, dockerfile, host: host)
        }
        #expect(error?.lines == 1...1)
    }
}
