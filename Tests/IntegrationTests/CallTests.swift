// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import SystemPackage
import TestSupport
import Testing

extension Program {
    @Suite("What can be built and with what")
    struct CallTests {
        private static let dockerfile = """
            # VERSION is what is built
            ARG VERSION=1.2
            ARG SUFFIX=x$VERSION
            ARG UNUSED
            # build compiles
            FROM base.invalid/go:$SUFFIX AS build
            ARG TARGETARCH
            ARG DEBUG
            ARG VERSION
            RUN --mount=type=secret,id=token,required --mount=type=ssh --mount=type=cache,target=/c/ make
            FROM scratch AS other
            ARG LOST
            # final ships
            FROM --platform=$TARGETPLATFORM scratch AS final
            COPY --from=build / /
            """

        private func call(_ value: String, _ arguments: String..., manifold: Manifold) async throws -> String {
            let context = try manifold.context(Self.dockerfile)
            let result = try await manifold.run(["build", "--call", value] + arguments + [context.string])
            #expect(result.succeeded && result.errorOutput == "", result.comment)
            return result.output
        }

        @Test("outline has the arguments of the stages that are needed, with values and comments, and what is lent")
        func outline() async throws {
            try await Manifold.with { manifold in
                let text = try await call("outline", "--build-arg", "DEBUG=1", manifold: manifold)
                #expect(
                    text == """
                        TARGET:        final
                        DESCRIPTION:   ships

                        BUILD ARG   VALUE   DESCRIPTION
                        VERSION     1.2     is what is built
                        SUFFIX      x1.2
                        DEBUG       1

                        SECRET   REQUIRED
                        token    true

                        SSH       REQUIRED
                        default

                        CACHE
                        /c

                        """)
                let json = try JSONValue(
                    parsing: Array(try await call("outline,format=json", manifold: manifold).utf8))
                #expect(json["name"] == "final" && json["description"] == "ships")
                #expect(json["args"].array.map { $0["name"] } == ["VERSION", "SUFFIX", "DEBUG"])
                #expect(json["args"][0]["location"]["ranges"][0]["start"]["line"] == 2)
                #expect(json["args"][2]["value"] == .null)
                #expect(json["secrets"][0]["required"] == true && json["ssh"][0]["required"] == .null)
                #expect(json["cache"][0]["ID"] == "/c")
                let build = try await call("outline", "--target", "other", manifold: manifold)
                #expect(build == "TARGET:   other\n\nBUILD ARG   VALUE   DESCRIPTION\nLOST\n")
            }
        }

        @Test("targets has all stages with their comments, the default marked")
        func targets() async throws {
            try await Manifold.with { manifold in
                #expect(
                    try await call("targets", manifold: manifold) == """
                        TARGET            DESCRIPTION
                        build             compiles
                        other
                        final (default)   ships

                        """)
                let json = try JSONValue(
                    parsing: Array(try await call("frontend.targets,format=json", manifold: manifold).utf8))
                #expect(json["targets"].array.map { $0["base"] } == ["base.invalid/go:$SUFFIX", "scratch", "scratch"])
                #expect(json["targets"].array.map { $0["default"] } == [.null, .null, true])
                #expect(json["targets"][2]["platform"] == "$TARGETPLATFORM")
            }
        }

        @Test("subrequests.describe lists what can be asked; what cannot is an error that says what can")
        func describe() async throws {
            try await Manifold.with { manifold in
                let text = try await call("subrequests.describe", manifold: manifold)
                for name in ["outline", "targets", "lint"] { #expect(text.contains("\n\(name) "), "\(text)") }
                let json = try JSONValue(
                    parsing: Array(try await call("subrequests.describe,format=json", manifold: manifold).utf8))
                #expect(json.array.contains { $0["name"] == "frontend.lint" })
                let context = try manifold.context("FROM scratch\n")
                for (flags, word) in [
                    (["--call", "outlin"], "outline"), (["--call", "outline,format=xml"], "json"),
                    (["--check", "--call", "targets"], "different"),
                ] {
                    let result = try await manifold.run(["build"] + flags + [context.string])
                    #expect(result.status == .exited(1) && result.errorOutput.contains(word), result.comment)
                }
            }
        }

        @Test("--call build is an ordinary build")
        func builds() async throws {
            try await Manifold.with { manifold in
                let log = try await Program.build(
                    "FROM scratch\nCOPY a /\n", files: ["a": "1"], ["--call", "build"], with: manifold)
                #expect(log.succeeded && log.digest != nil, log.comment)
            }
        }

        @Test("flags of docker that mean nothing here are taken, and each says so in one line")
        func ignored() async throws {
            try await Manifold.with { manifold in
                let log = try await Program.build(
                    "FROM scratch\nCOPY a /\n", files: ["a": "1"],
                    [
                        "--builder", "x", "--policy=p", "--cgroup-parent=/c", "--attest", "type=sbom", "--sbom=true",
                        "--provenance=mode=max", "--isolation", "hyperv", "--security-opt", "seccomp=unconfined", "-m",
                        "1g",
                        "--memory-swap", "-1", "--cpu-period=1", "--cpu-quota", "-1", "-c", "2", "--cpuset-cpus=0-1",
                        "--cpuset-mems", "0", "--resource", "memory=1g", "--compress", "--squash=true", "--rm=true",
                        "--force-rm", "-D", "--no-cache=false", "--pull=0",
                    ], with: manifold)
                #expect(log.succeeded, log.comment)
                let remarks = log.events.filter { $0["event"] == "warning" }.compactMap { $0["message"].string }
                #expect(remarks.count { $0.contains(" has no effect: ") } == 20, log.comment)
                let silent = try await Program.build(
                    "FROM scratch\nCOPY a /\n", files: ["a": "1"],
                    ["--provenance=false", "--sbom=false", "--attest=type=provenance,disabled=true", "--rm=false"],
                    with: manifold, .environment(["BUILDX_NO_DEFAULT_ATTESTATIONS": "1", "BUILDX_BUILDER": "x"]))
                #expect(
                    silent.events.allSatisfy { $0["message"].string?.contains("no effect") != true }, silent.comment)
                let context = try manifold.context("FROM scratch\n")
                let slip = try await manifold.run(["build", "--platfrom", "linux/amd64", context.string])
                #expect(slip.errorOutput.contains("Did you mean '--platform'"), slip.comment)
            }
        }
    }
}
