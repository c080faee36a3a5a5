// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import FoundationEssentials
import SystemPackage
import TestSupport
import Testing

extension Program {
    @Suite("The main job")
    struct MainJobTests {
        private static let platforms: [(name: String, header: ELFHeader)] = [
            ("linux/amd64", .amd64), ("linux/arm64", .arm64), ("linux/arm/v7", .arm),
        ]

        @Test(
            "one Dockerfile becomes one index of three platforms, with programs of these, and the host stays as it was")
        func publishesThreePlatforms() async throws {
            try await BaseImages.push("debian-gcc", to: SharedRegistry.registry)
            let handlers = try await Program.hostHandlers()
            try await Manifold.with { manifold in
                let name = "\(try SharedRegistry.host)/demo"
                let log = try await manifold.build(
                    try Program.busybox + [
                        "--build-arg", "BUILD_BASE=\(try SharedRegistry.host)/debian-gcc", "--push", "--tag",
                        "\(name):1",
                        "--platform", Self.platforms.map(\.name).joined(separator: ","),
                    ], Manifold.repository.appending("examples/hello"))
                try #require(log.succeeded, log.comment)

                let index = try #require(try await Program.raw("\(name):1"))
                #expect(index["mediaType"] == "application/vnd.oci.image.index.v1+json")
                #expect(
                    index["manifests"].array.map { ImageLayout.platform($0["platform"]) } == Self.platforms.map(\.name))
                for (descriptor, platform) in zip(index["manifests"].array, Self.platforms) {
                    try await check(name, descriptor, platform, manifold)
                }
            }
            #expect(try await Program.hostHandlers() == handlers)
        }

        /// Has skopeo and umoci take the image and looks into it.
        private func check(
            _ name: String, _ descriptor: JSONValue, _ platform: (name: String, header: ELFHeader), _ manifold: Manifold
        ) async throws {
            let layout = manifold.path("image").appending(platform.name.replacing("/", with: "-"))
            try FileManager.default.createDirectory(
                atPath: layout.removingLastComponent().string, withIntermediateDirectories: true)
            let copy = try await Program.skopeo(
                "copy", "--src-tls-verify=false", "docker://\(name)@\(descriptor["digest"].string ?? "")",
                "oci:\(layout):1")
            try #require(copy.succeeded, copy.comment)
            let bundle = manifold.path("bundle").appending(platform.name.replacing("/", with: "-"))
            try FileManager.default.createDirectory(
                atPath: bundle.removingLastComponent().string, withIntermediateDirectories: true)
            let unpack = try await ChildProcess.run(
                "umoci", ["unpack", "--rootless", "--image", "\(layout):1", bundle.string])
            try #require(unpack.succeeded, unpack.comment)

            let program = bundle.appending("rootfs/usr/local/bin/hello")
            let bytes = try Data(contentsOf: URL(filePath: program.string))
            #expect(ELFHeader(Array(bytes)) == platform.header)

            let image = try ImageLayout(layout).image(platform.name)
            #expect(image.config["config"]["Cmd"] == ["hello"])
            #expect(image.config["config"]["Labels"]["org.opencontainers.image.title"] == "hello")
            #expect(image.layers.count == 2, "the base's layer and COPY's")
            #expect(
                try await ImageLayout.entries(of: try #require(image.layers.last)) == [
                    "drwxr-xr-x 0/0 usr/", "drwxr-xr-x 0/0 usr/local/", "drwxr-xr-x 0/0 usr/local/bin/",
                    "-rwxr-xr-x 0/0 usr/local/bin/hello",
                ])
        }

        @Test("a RUN step leaves in its layer what it made and nothing else", arguments: Manifold.Account.available)
        func layersHoldOnlyWhatStepsMade(account: Manifold.Account) async throws {
            try await Manifold.with(account) { manifold in
                let log = try await Program.build(
                    Program.dockerfile(
                        "RUN mkdir /made && echo 1 > /made/file && chmod 640 /made/file && ln -s file /made/link"
                            + " && chown 1:2 /made/file && rm /etc/nsswitch.conf && cat /etc/resolv.conf /etc/hosts",
                        "RUN true"),
                    platforms: "linux/amd64,linux/arm64,linux/arm/v7", with: manifold)
                try #require(log.succeeded, log.comment)
                for platform in ["linux/amd64", "linux/arm64", "linux/arm/v7"] {
                    let image = try ImageLayout(manifold.path("out")).image(platform)
                    try #require(image.layers.count == 3)
                    #expect(
                        try await ImageLayout.entries(of: image.layers[1]) == [
                            "drwxr-xr-x 0/0 etc/", "---------- 0/0 etc/.wh.nsswitch.conf", "drwxr-xr-x 0/0 made/",
                            "-rw-r----- 1/2 made/file", "lrwxrwxrwx 0/0 made/link -> file",
                        ])
                    #expect(try await ImageLayout.entries(of: image.layers[2]) == [])
                }
            }
        }
    }
}
