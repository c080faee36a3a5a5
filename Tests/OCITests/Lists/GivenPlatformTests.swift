// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import OCI
import Testing

@Suite("A platform given by hand")
struct GivenPlatformTests {
    @Test(
        "that is written as lists write it has no note",
        arguments: [
            "linux/amd64", "amd64", "linux/arm64", "linux/arm/v6", "linux/amd64/v3", "windows/amd64", "s390x",
            "linux/arm64/v8.2", "riscv64",
        ])
    func plain(text: String) throws {
        let given = try GivenPlatform(text)
        #expect(given.note == nil)
        #expect(given.platform.description == (text.contains("/") ? text : "linux/\(text)"))
    }

    @Test(
        "is normalised, and a note says so",
        arguments: [
            ("armv8", "linux/arm64"), ("linux/arm64/armv8", "linux/arm64"), ("linux/arm64/v8", "linux/arm64"),
            ("arm64/v8", "linux/arm64"), ("arm32v6", "linux/arm/v6"), ("arm32v5", "linux/arm/v5"),
            ("x86_64", "linux/amd64"), ("linux/x86-64", "linux/amd64"), ("aarch64", "linux/arm64"),
            ("i386", "linux/386"), ("Linux/ARM64", "linux/arm64"), ("AMD64", "linux/amd64"), ("armhf", "linux/arm/v7"),
            ("armel", "linux/arm/v6"), ("arm", "linux/arm/v7"), ("linux/arm", "linux/arm/v7"),
            ("linux/arm/7", "linux/arm/v7"), ("linux/arm/armv6", "linux/arm/v6"), ("ppc64el", "linux/ppc64le"),
            ("linux/amd64/v1", "linux/amd64"), ("macos/arm64", "darwin/arm64"), ("linux/arm/v8", "linux/arm/v8"),
        ])
    func normalised(text: String, canonical: String) throws {
        let given = try GivenPlatform(text)
        #expect(given.platform.description == canonical)
        #expect(given.note?.contains(canonical) == true)
    }

    @Test(
        "that may mean several, or none, is refused with what it may mean",
        arguments: [
            ("x86", "linux/amd64 or linux/386"), ("linux/x86", "linux/amd64 or linux/386"),
            ("arm32", "linux/arm/v7, linux/arm/v6 or linux/arm/v5"), ("linux/arm32/v6", "linux/arm/v6"),
            ("linux/arm/v9", "linux/arm/v5, linux/arm/v6, linux/arm/v7 or linux/arm/v8"),
            ("linux/arm64/v7", "linux/arm64 or linux/arm/v7"), ("linux/arm64/7", "linux/arm64 or linux/arm/v7"),
            ("linux/arm64/big", "linux/arm64"),
            ("linux/amd64/v8", "linux/amd64, linux/amd64/v2, linux/amd64/v3 or linux/amd64/v4"),
            ("linux/s390x/v1", "linux/s390x"), ("linux/arm32v6/v7", "linux/arm/v6 or linux/arm/v7"),
            ("linux/adm64", "linux/amd64"),
        ])
    func refused(text: String, suggestion: String) {
        #expect(throws: OCIError.unknownPlatform(text, suggestion: suggestion)) { try GivenPlatform(text) }
    }

    @Test("has the version and the features of an operating system in parentheses")
    func windows() throws {
        let given = try GivenPlatform("windows(10.0.17763+win32k)/amd64")
        #expect(given.platform.osVersion == "10.0.17763")
        #expect(given.platform.osFeatures == ["win32k"])
        #expect(given.platform.fullName == "windows(10.0.17763+win32k)/amd64")
        for text in ["windows(/amd64", "windows)(/amd64", "()", ""] {
            #expect(throws: OCIError.self) { try GivenPlatform(text) }
        }
    }

    @Test("by flags changes what is known, and a new architecture drops the old variant")
    func flags() throws {
        let known = try GivenPlatform("linux/arm/v6").platform
        #expect(try GivenPlatform(variant: "v5", over: known).platform.description == "linux/arm/v5")
        #expect(try GivenPlatform(architecture: "aarch64", over: known).platform.description == "linux/arm64")
        #expect(try GivenPlatform(architecture: "arm", over: known).platform.description == "linux/arm/v7")
        #expect(try GivenPlatform(architecture: "arm/v5", over: known).platform.description == "linux/arm/v5")
        #expect(try GivenPlatform(architecture: "arm32v7").platform.description == "linux/arm/v7")
        #expect(try GivenPlatform(architecture: "arm64", variant: "armv8").platform.description == "linux/arm64")
        let windows = try GivenPlatform(
            os: "windows", architecture: "amd64", osVersion: "10.0", osFeatures: ["b", "a", "b"])
        #expect(windows.platform.osFeatures == ["a", "b"])
        #expect(windows.note == nil)
        #expect(throws: OCIError.self) { try GivenPlatform(variant: "v9", over: known) }
        #expect(throws: OCIError.self) { try GivenPlatform() }
    }
}
