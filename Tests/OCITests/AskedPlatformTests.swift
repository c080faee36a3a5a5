// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import OCI
import Testing

@Suite("A platform that is asked for")
struct AskedPlatformTests {
    @Test(
        "by a word with several meanings is read as most do, and a note says how and names the others",
        arguments: [
            ("armhf", "linux/arm/v7", ["Debian", "linux/arm/v6"]), ("linux/armel", "linux/arm/v6", ["linux/arm/v5"]),
            ("ARM32", "linux/arm/v7", ["linux/arm/v6", "linux/arm/v5"]), ("x86", "linux/386", ["linux/amd64"]),
            ("linux/x86", "linux/386", ["Alpine", "linux/amd64"]),
        ])
    func ambiguous(text: String, platform: String, words: [String]) throws {
        let asked = try AskedPlatform(text)
        #expect(asked.platform.description == platform)
        let note = try #require(asked.note)
        for word in ["\"\(text)\"", platform] + words { #expect(note.contains(word), "\(note)") }
    }

    @Test(
        "by a word with one meaning has no note",
        arguments: [
            ("x86_64", "linux/amd64"), ("linux/arm", "linux/arm/v7"), ("armv7l", "linux/arm/v7"),
            ("linux/arm32/v6", "linux/arm/v6"), ("i386", "linux/386"), ("windows/amd64", "windows/amd64"),
        ])
    func plain(text: String, platform: String) throws {
        let asked = try AskedPlatform(text)
        #expect(asked.platform.description == platform)
        #expect(asked.note == nil)
    }

    @Test("by what is no platform is refused", arguments: ["", "x32", "banana/x86", "linux/x86/v1", "/", "x86/linux"])
    func refused(text: String) {
        #expect(throws: OCIError.self) { try AskedPlatform(text) }
    }
}
