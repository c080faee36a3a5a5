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

        @Test("ARGs have every family's name for the platform, and those that older scripts gave")
        func names() async throws {
            try await Manifold.with { manifold in
                let arguments = [
                    "TARGETUNAME", "TARGETDEBIAN", "TARGETALPINE", "TARGETGNU", "TARGETRUST", "TARGETGOARM",
                    "TARGETQEMU", "TARGETDOCKERLIB", "TARGETKERNEL", "BUILDGNU", "BASEIMAGE_ARCH", "THIS_ARCH",
                    "THIS_ARCH_ALT", "THIS_ARCH_GO", "TARGET_ARCH",
                ]
                let log = try await Program.build(
                    """
                    ARG BASE=busybox
                    FROM $BASE AS on-arm32v7
                    FROM $BASE AS on-arm64v8
                    FROM on-$TARGETDOCKERLIB
                    ARG \(arguments.joined(separator: " "))
                    RUN echo "\(arguments.map { "$\($0)" }.joined(separator: ","))"
                    """, platforms: "linux/arm64,linux/arm/v7", ["--build-arg", "TARGET_ARCH=mine"], with: manifold)
                try #require(log.succeeded, log.comment)
                #expect(!log.events.contains { $0["message"].string?.contains("not used") == true }, log.comment)
                #expect(
                    log.output(of: "linux/arm64") == [
                        "aarch64,arm64,aarch64,aarch64-linux-gnu,aarch64-unknown-linux-gnu,,aarch64,arm64v8,arm64,"
                            + "x86_64-linux-gnu,arm64v8,arm64v8,aarch64,arm64,mine"
                    ])
                #expect(
                    log.output(of: "linux/arm/v7") == [
                        "armv7l,armhf,armv7,arm-linux-gnueabihf,armv7-unknown-linux-gnueabihf,7,arm,arm32v7,arm,"
                            + "x86_64-linux-gnu,arm32v7,arm32v7,armhf,arm,mine"
                    ])
            }
        }

        @Test("--base takes each platform's base from elsewhere, also for COPY --from; a slip says how it is written")
        func bases() async throws {
            try await Manifold.with { manifold in
                let host = try SharedRegistry.host
                for (platform, name) in [("linux/arm64", "arm64v8"), ("linux/arm/v7", "arm32v7")] {
                    let copy = try await manifold.run([
                        "copy", "-q", "--platform", platform, "\(host)/busybox", "\(host)/\(name)/small:1.36",
                    ])
                    try #require(copy.succeeded, copy.comment)
                }
                let dockerfile =
                    "FROM small:1.36\nCOPY --from=small:1.36 /bin/busybox /copy/busybox\nRUN /copy/busybox uname -m\n"
                let rule = "small:*=\(host)/{dockerlib}/small:*"
                let log = try await Program.build(
                    dockerfile, platforms: "linux/arm64,linux/arm/v7", ["--base", rule], with: manifold)
                try #require(log.succeeded, log.comment)
                #expect(log.output(of: "linux/arm64") == ["aarch64"])
                #expect(log.output(of: "linux/arm/v7") == ["armv7l"])
                let slip = try await Program.build(
                    dockerfile, ["--base", "small:*={dockerhub}/small:*"], with: manifold)
                #expect(slip.result.status == .exited(1))
                #expect(slip.message.contains("there is no placeholder {dockerhub}"), slip.comment)
                #expect(slip.message.contains("NAME[:TAG][::PLATFORM]=IMAGE"), slip.comment)
            }
        }

        @Test("a platform that Go has no port for is pushed only when that is asked for: builds, pushes, lists")
        func nonstandard() async throws {
            try await Manifold.with { manifold in
                let host = try SharedRegistry.host
                let context = try manifold.context("FROM scratch\nCOPY a /\n", files: ["a": "1"])
                let name = "\(host)/nonstandard/app:1"
                let allowed = "--allow-nonstandard-platform"
                let refused = try await manifold.build(["--platform", "riscv32", "-t", name, "--push"], context)
                #expect(refused.result.status == .exited(1))
                #expect(refused.message.contains("linux/riscv32"), refused.comment)
                #expect(refused.message.contains(allowed), refused.comment)
                // What stays here may be called anything.
                let kept = try await manifold.build(["--platform", "riscv32", "-t", name], context)
                try #require(kept.succeeded, kept.comment)
                let push = try await manifold.run(["push", name])
                #expect(push.status == .exited(1) && push.errorOutput.contains(allowed), push.comment)
                #expect(try await Program.raw(name) == nil)
                for arguments in [
                    ["push", name, allowed],
                    ["build", "--platform", "riscv32", "-t", name, "--push", allowed, context.string],
                ] {
                    let result = try await manifold.run(arguments)
                    #expect(result.succeeded, result.comment)
                }
                let list = "\(host)/nonstandard/list:1"
                let made = try await manifold.run(["manifest", "create", "--push", list, name])
                #expect(made.status == .exited(1) && made.errorOutput.contains(allowed), made.comment)
                #expect(try await Program.raw(list) == nil)
                let listed = try await manifold.run(["manifest", "create", "--push", list, name, allowed])
                #expect(listed.succeeded, listed.comment)
                // What is copied keeps the name that it has.
                let copied = try await manifold.run(["copy", "-q", list, "\(host)/nonstandard/copy:1"])
                #expect(copied.succeeded, copied.comment)
            }
        }
    }
}
