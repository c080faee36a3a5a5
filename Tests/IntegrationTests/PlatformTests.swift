// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import FoundationEssentials
import SystemPackage
import TestSupport
import Testing

extension Program {
    @Suite("Platforms")
    struct PlatformTests {
        private static let machines = [
            "linux/amd64": "x86_64", "linux/386": "i686", "linux/arm64": "aarch64", "linux/arm/v7": "armv7l",
            "linux/arm/v5": "armv5tel",
        ]

        @Test(
            "every platform's RUN runs on its machine, with the platform arguments",
            arguments: Manifold.Account.available)
        func machines(account: Manifold.Account) async throws {
            try await Manifold.with(account) { manifold in
                let log = try await Program.build(
                    Program.dockerfile(
                        "ARG TARGETPLATFORM TARGETARCH TARGETVARIANT BUILDPLATFORM",
                        "RUN uname -m; echo $TARGETPLATFORM $TARGETARCH.$TARGETVARIANT $BUILDPLATFORM",
                        // With a loader of its own a program is found by its name as well as by its descriptor.
                        "RUN sh -c 'busybox uname -m' | cat"),
                    platforms: Self.machines.keys.sorted().joined(separator: ","), with: manifold)
                try #require(log.succeeded, log.comment)
                for (platform, machine) in Self.machines {
                    let words = platform.split(separator: "/").map(String.init)
                    let arguments = "\(platform) \(words[1]).\(words.count > 2 ? words[2] : "") linux/amd64"
                    #expect(log.output(of: platform) == [machine, arguments, machine])
                }
            }
        }

        @Test("native platforms need no emulator, foreign ones say what to install")
        func worksWithoutEmulatorWhereNative() async throws {
            try await Manifold.with { manifold in
                let arguments = ["--qemu-dir", manifold.path("none").string]
                let programs = manifold.path("programs")
                try FileManager.default.createDirectory(atPath: programs.string, withIntermediateDirectories: true)
                for name in ["newuidmap", "newgidmap"] {
                    let program = try #require(ChildProcess.find(name))
                    try FileManager.default.createSymbolicLink(
                        atPath: programs.appending(name).string, withDestinationPath: program.string)
                }
                let setting = Manifold.Setting.environment(["PATH": programs.string])
                let native = try await Program.build(
                    Program.dockerfile("RUN uname -m"), platforms: "linux/amd64,linux/386", arguments, with: manifold,
                    setting)
                #expect(native.output(of: "linux/386") == ["i686"], native.comment)
                let foreign = try await Program.build(
                    Program.dockerfile("RUN uname -m"), platforms: "linux/arm64", arguments, with: manifold, setting)
                #expect(foreign.result.status == .exited(1))
                #expect(foreign.message.contains("qemu") && foreign.message.contains("install"), foreign.comment)
                // What runs nothing needs no emulator either.
                let copied = try await Program.build(
                    Program.dockerfile("COPY a /"), files: ["a": "1"], platforms: "linux/arm64", arguments,
                    with: manifold, setting)
                #expect(copied.succeeded, copied.comment)
            }
        }

        @Test("FROM --platform=$BUILDPLATFORM runs once, natively, for all platforms")
        func buildPlatformIsShared() async throws {
            try await Manifold.with { manifold in
                let log = try await Program.build(
                    """
                    ARG BASE
                    FROM --platform=$BUILDPLATFORM $BASE AS build
                    RUN uname -m > /machine
                    FROM $BASE
                    COPY --from=build /machine /machine
                    """, platforms: "linux/amd64,linux/arm64,linux/arm/v7", with: manifold)
                try #require(log.succeeded, log.comment)
                #expect(log.outcomes(of: "RUN") == ["done"])
                let layout = ImageLayout(manifold.path("out"))
                let layers = try ["linux/amd64", "linux/arm64", "linux/arm/v7"].map {
                    try #require(layout.image($0).layers.last)
                }
                #expect(Set(layers).count == 1)
                #expect(try await ImageLayout.content(of: "machine", in: layers[0]) == Array("x86_64\n".utf8))
            }
        }
    }
}
