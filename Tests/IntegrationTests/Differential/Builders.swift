// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import FoundationEssentials
import SystemPackage
import TestSupport

/// Debian's buildah with a store of its own; root runs it, and it runs steps with chroot(2) only.
///
/// Its storage is plain directories, because that works everywhere.
struct Buildah: Sendable {
    private let directory: FilePath
    private let environment: [String: String]

    /// Where base images are named in the Dockerfiles: `$REGISTRY/NAME`.
    static let registry = "localhost"

    /// Sets up an empty store with the base images.
    init(in directory: FilePath, bases: [String], from registry: DebianRegistry) async throws {
        self.directory = directory
        environment = [
            "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "HOME": directory.string,
            "TMPDIR": directory.appending("tmp").string, "LANG": "C.UTF-8",
        ]
        let configuration = directory.appending(".config/containers")
        for folder in [configuration.appending("registries.d"), directory.appending("tmp")] {
            try FileManager.default.createDirectory(atPath: folder.string, withIntermediateDirectories: true)
        }
        let none = "file://\(directory)/none"
        for (file, text) in [
            ("policy.json", #"{"default":[{"type":"insecureAcceptAnything"}]}"#),
            ("registries.d/default.yaml", #"default-docker: { lookaside: "\#(none)", sigstore: "\#(none)" }"#),
        ] {
            try Data(text.utf8).write(to: URL(filePath: configuration.string + "/" + file))
        }
        for base in bases {
            let name = "\(registry.host)/\(base):latest"
            try await run("pull", "--quiet", "--tls-verify=false", "docker://\(name)").check()
            try await run("tag", name, "\(Self.registry)/\(base):latest").check()
        }
    }

    /// Builds a base image of the cases, and pushes it to the registry, too.
    func makeBase(_ name: String, from context: FilePath, to registry: DebianRegistry) async throws {
        let tag = "\(Self.registry)/\(name):latest"
        try await run(
            "build", "--isolation", "chroot", "--format", "docker", "--pull-never", "--identity-label=false",
            "--build-arg", "REGISTRY=\(Self.registry)", "--tag", tag, context.string
        ).check()
        try await run("push", "--quiet", "--tls-verify=false", tag, "docker://\(registry.host)/\(name):latest").check()
    }

    /// Builds a case.
    func build(
        _ test: DifferentialCase, _ dockerfile: FilePath, in context: FilePath, to place: FilePath
    ) async throws -> FlatImage.Outcome {
        let tag = "\(Self.registry)/result-\(test.name.prefix { $0 != "-" })"
        let result = try await run(
            [
                "build", "--isolation", "chroot", "--format", "docker", "--pull-never", "--identity-label=false",
                "--build-arg", "REGISTRY=\(Self.registry)", "--tag", tag, "--file", dockerfile.string,
            ]
                + test.settings.options(in: context) + (test.settings.buildah ?? []) + [context.string],
            test.settings.environment ?? [:])
        guard result.succeeded else { return .refused(result.errorOutput) }
        try await run("push", "--quiet", tag, "oci:\(place):latest").check()
        // The layout's config lacks what only Docker's has.
        let inspection = try await run("inspect", "--type", "image", tag).check()
        try await run("rmi", tag).check()
        let files = try await LayoutUnpacker.describe("\(place):latest", times: test.settings.times ?? [])
        return .built(FlatImage(files: files, image: try JSONValue(parsing: inspection.stdout)["Docker"]))
    }

    @discardableResult
    private func run(_ arguments: String...) async throws -> ChildProcess.Result { try await run(arguments, [:]) }

    private func run(_ arguments: [String], _ variables: [String: String]) async throws -> ChildProcess.Result {
        let storage = [
            "--storage-driver", "vfs", "--root", directory.appending("root").string,
            "--runroot", directory.appending("run").string,
        ]
        return try await ChildProcess.run(
            "buildah", storage + arguments, environment: environment.merging(variables) { $1 })
    }
}

extension Manifold {
    /// Builds a case.
    func build(
        _ test: DifferentialCase, _ dockerfile: FilePath, in context: FilePath, to place: FilePath,
        registry: String
    ) async throws -> FlatImage.Outcome {
        let log = try await build(
            [
                "--platform", "linux/amd64", "--build-arg", "REGISTRY=\(registry)", "--tag", "result:latest",
                "--output", "type=oci,dest=\(place)/", "--file", dockerfile.string,
            ]
                + test.settings.options(in: context) + (test.settings.manifold ?? []), context,
            .environment(test.settings.environment ?? [:]))
        guard log.succeeded else { return .refused(log.message) }
        let files = try await LayoutUnpacker.describe("\(place):latest", times: test.settings.times ?? [])
        return .built(FlatImage(files: files, image: try ImageLayout(place).image("linux/amd64").config))
    }
}

/// Unpacks an image with umoci and looks at what is there then.
enum LayoutUnpacker {
    static func describe(_ image: String, times: [String]) async throws -> [String: [String: String]] {
        let root = FilePath(image.prefix { $0 != ":" } + "-files")
        try await ChildProcess.run("umoci", ["raw", "unpack", "--image", image, root.string]).check()
        return try await FileDescriber.describe(root, times: times)
    }
}

extension ChildProcess.Result {
    /// - Throws: ``DifferentialFailure`` when the program failed.
    @discardableResult
    func check() throws -> ChildProcess.Result {
        guard succeeded else { throw DifferentialFailure(description) }
        return self
    }
}
