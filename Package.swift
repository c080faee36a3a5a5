// swift-tools-version: 6.2
// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import PackageDescription

let strict: [SwiftSetting] = [
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .treatAllWarnings(as: .error),
]

let argumentParser = Target.Dependency.product(name: "ArgumentParser", package: "swift-argument-parser")
let asyncHTTPClient = Target.Dependency.product(name: "AsyncHTTPClient", package: "async-http-client")
let crypto = Target.Dependency.product(name: "Crypto", package: "swift-crypto")
let logging = Target.Dependency.product(name: "Logging", package: "swift-log")
let nioCore = Target.Dependency.product(name: "NIOCore", package: "swift-nio")
let nioHTTP1 = Target.Dependency.product(name: "NIOHTTP1", package: "swift-nio")
let nioPosix = Target.Dependency.product(name: "NIOPosix", package: "swift-nio")
let nioSSL = Target.Dependency.product(name: "NIOSSL", package: "swift-nio-ssl")
let subprocess = Target.Dependency.product(name: "Subprocess", package: "swift-subprocess")
let systemPackage = Target.Dependency.product(name: "SystemPackage", package: "swift-system")

/// The rooms of the house and whom each may know; `HouseTests` holds this list against ARCHITECTURE.md.
let package = Package(
    name: "manifold",
    products: [
        .executable(name: "manifold", targets: ["manifold"]),
        .library(name: "OCI", targets: ["OCI"]),
        .library(name: "Dockerfile", targets: ["Dockerfile"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/apple/swift-crypto", from: "4.5.2"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
        .package(url: "https://github.com/apple/swift-nio", from: "2.101.2"),
        .package(url: "https://github.com/apple/swift-nio-ssl", from: "2.37.6"),
        .package(url: "https://github.com/apple/swift-system", from: "1.8.1"),
        .package(url: "https://github.com/swiftlang/swift-subprocess", from: "1.0.2"),
        .package(url: "https://github.com/swift-server/async-http-client", from: "1.37.0"),
    ],
    targets: [
        // Pure values and text.
        .target(name: "OCI", dependencies: [crypto], swiftSettings: strict),
        .target(name: "Dockerfile", dependencies: ["OCI"], swiftSettings: strict),
        .target(name: "Audit", dependencies: ["OCI"], swiftSettings: strict),
        .systemLibrary(name: "CYaml", pkgConfig: "yaml-0.1", providers: [.apt(["libyaml-dev"])]),
        .target(name: "YAML", dependencies: ["CYaml"], swiftSettings: strict),

        // Bytes on disk and on the wire.
        .systemLibrary(name: "CArchive", pkgConfig: "libarchive", providers: [.apt(["libarchive-dev"])]),
        .systemLibrary(name: "CDeflate", pkgConfig: "libdeflate", providers: [.apt(["libdeflate-dev"])]),
        .systemLibrary(name: "CZstd", pkgConfig: "libzstd", providers: [.apt(["libzstd-dev"])]),
        .target(
            name: "Layers", dependencies: ["OCI", "CArchive", "CDeflate", "CZstd", systemPackage],
            swiftSettings: strict),
        .target(
            name: "Store", dependencies: ["OCI", "Layers", systemPackage],
            swiftSettings: strict),
        .target(
            name: "HTTP",
            dependencies: [asyncHTTPClient, logging, nioCore, nioHTTP1, nioPosix, nioSSL, systemPackage],
            swiftSettings: strict),
        .target(
            name: "Registry",
            dependencies: [
                "OCI", "HTTP", asyncHTTPClient, crypto, logging, nioCore, nioHTTP1, nioPosix, nioSSL, subprocess,
                systemPackage,
            ],
            swiftSettings: strict),

        .target(
            name: "Remote",
            dependencies: [
                "OCI", "HTTP", asyncHTTPClient, logging, nioCore, nioHTTP1, nioPosix, nioSSL, subprocess, systemPackage,
            ],
            swiftSettings: strict),

        // Processes.
        .systemLibrary(name: "CSeccomp", pkgConfig: "libseccomp", providers: [.apt(["libseccomp-dev"])]),
        .target(name: "CSandbox", cSettings: [.define("_GNU_SOURCE"), .unsafeFlags(["-Wall", "-Wextra", "-Werror"])]),
        .target(name: "Host", dependencies: [systemPackage], swiftSettings: strict),
        .target(name: "Emulation", dependencies: ["OCI", "Host", "CSandbox", systemPackage], swiftSettings: strict),
        .target(
            name: "Sandbox", dependencies: ["OCI", "Emulation", "CSandbox", "CSeccomp", systemPackage],
            swiftSettings: strict),

        .target(
            name: "Diagnosis", dependencies: ["OCI", "Host", "Audit", "Sandbox"], swiftSettings: strict),

        .target(
            name: "Images", dependencies: ["OCI", "Layers", "Store", "HTTP", "Registry", systemPackage],
            swiftSettings: strict),

        // The heart, and the face.
        .target(
            name: "Build",
            dependencies: [
                "OCI", "Dockerfile", "Audit", "Layers", "Store", "HTTP", "Registry", "Images", "Remote", "Host",
                "Emulation",
                "Sandbox", "Diagnosis", systemPackage,
            ],
            swiftSettings: strict),
        .target(
            name: "Doctor",
            dependencies: [
                "OCI", "Host", "Store", "Registry", "Emulation", "CSandbox", "Sandbox", "Diagnosis", "Build",
                systemPackage,
            ],
            swiftSettings: strict),
        .target(
            name: "Commands",
            dependencies: [
                "OCI", "YAML", "Dockerfile", "Layers", "Store", "HTTP", "Registry", "Images", "Remote", "Emulation",
                "CSandbox",
                "Sandbox",
                "Host", "Diagnosis",
                "Build", "Doctor",
                argumentParser, subprocess, systemPackage,
            ],
            swiftSettings: strict),
        // Linked with a static Swift library in the very build that the tests use: they cannot be (Testing has no static
        // library), and a flag for all would mean to build everything twice. The file then runs without a toolchain.
        .executableTarget(
            name: "manifold", dependencies: ["Commands", "CSandbox"], swiftSettings: strict,
            linkerSettings: [
                .unsafeFlags([
                    "-static-stdlib", "-l_FoundationCShims", "-l_FoundationCollections", "-lswiftSynchronization",
                ])
            ]),

        // Tests.
        .target(
            name: "TestSupport",
            dependencies: [
                "OCI", "Layers", "Store", "Registry", "CSandbox", crypto, nioCore, nioHTTP1, nioPosix, nioSSL,
                systemPackage,
            ],
            path: "Tests/TestSupport", swiftSettings: strict),
        // Enters the user namespace, which a test cannot: it has many threads.
        .executableTarget(
            name: "sandbox-probe", dependencies: ["OCI", "CSandbox", "Emulation", "Sandbox", systemPackage],
            path: "Tests/SandboxProbe", swiftSettings: strict),
        .testTarget(name: "OCITests", dependencies: ["OCI"], swiftSettings: strict),
        .testTarget(name: "YAMLTests", dependencies: ["YAML"], swiftSettings: strict),
        .testTarget(
            name: "AuditTests", dependencies: ["OCI", "Audit", "TestSupport", systemPackage], swiftSettings: strict),
        .testTarget(name: "DockerfileTests", dependencies: ["Dockerfile"], swiftSettings: strict),
        .testTarget(name: "LayersTests", dependencies: ["Layers", "TestSupport"], swiftSettings: strict),
        .testTarget(name: "StoreTests", dependencies: ["Store", "TestSupport"], swiftSettings: strict),
        .testTarget(
            name: "HTTPTests", dependencies: ["OCI", "HTTP", "Registry", "Remote", "TestSupport", systemPackage],
            swiftSettings: strict),
        .testTarget(
            name: "RegistryTests", dependencies: ["HTTP", "Registry", "TestSupport", nioCore, systemPackage],
            swiftSettings: strict),
        .testTarget(
            name: "ImagesTests",
            dependencies: ["OCI", "Store", "HTTP", "Registry", "Images", "TestSupport", systemPackage],
            swiftSettings: strict),
        .testTarget(
            name: "RemoteTests", dependencies: ["OCI", "HTTP", "Remote", "TestSupport", systemPackage],
            swiftSettings: strict),
        .testTarget(
            name: "EmulationTests", dependencies: ["Emulation", "OCI", "TestSupport", systemPackage],
            swiftSettings: strict),
        .testTarget(name: "HostTests", dependencies: ["Host", systemPackage], swiftSettings: strict),
        .testTarget(
            name: "DiagnosisTests", dependencies: ["OCI", "Audit", "Sandbox", "Diagnosis"], swiftSettings: strict),
        .testTarget(
            name: "SandboxTests", dependencies: ["Sandbox", "sandbox-probe", "TestSupport", systemPackage],
            swiftSettings: strict),
        .testTarget(
            name: "BuildTests", dependencies: ["HTTP", "Audit", "Build", "Images", "TestSupport"], swiftSettings: strict
        ),
        .testTarget(
            name: "DoctorTests",
            dependencies: [
                "OCI", "Host", "HTTP", "Registry", "Emulation", "Doctor", "TestSupport", systemPackage,
            ],
            swiftSettings: strict),
        .testTarget(
            name: "CommandsTests", dependencies: ["OCI", "Build", "Commands", "TestSupport", systemPackage],
            swiftSettings: strict),
        // Runs the built program; to depend on it would hand its static linking on to the tests.
        .testTarget(
            name: "IntegrationTests", dependencies: ["OCI", "TestSupport", crypto, systemPackage],
            swiftSettings: strict),
        .testTarget(name: "HouseTests", swiftSettings: strict),
    ],
    swiftLanguageModes: [.v6]
)

// The fuzzer needs libraries that are built for it, so it is there for Fuzz/run only, which says where libFuzzer is.
if let library = Context.environment["MANIFOLD_FUZZ"] {
    for target in package.targets where ["OCI", "Dockerfile", "Layers"].contains(target.name) {
        target.swiftSettings = (target.swiftSettings ?? []) + [.unsafeFlags(["-sanitize=fuzzer"])]
    }
    package.targets += [
        .target(name: "CFuzzer", path: "Fuzz/CFuzzer"),
        .executableTarget(
            name: "fuzz", dependencies: ["CFuzzer", "OCI", "Dockerfile", "Layers", systemPackage],
            path: "Fuzz/Fuzzers", swiftSettings: strict,
            linkerSettings: [.unsafeFlags(["-Xlinker", library, "-lstdc++", "-lm"])]),
    ]
}
