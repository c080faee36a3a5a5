// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import Emulation
import OCI
import SystemPackage
import TestSupport
import Testing

@Suite("What an emulator's file says")
struct EmulatorFileTests {
    @Test("its version is the one that it prints itself", .requiresProgram("qemu-aarch64-static", "qemu-s390x-static"))
    func version() async throws {
        for target in ["aarch64", "s390x"] {
            let path = "/usr/bin/qemu-\(target)-static"
            let printed = try await ChildProcess.run(path, ["--version"])
            let file = try #require(EmulatorFile(FilePath(path)))
            let version = try #require(file.version)
            #expect(
                printed.output.split(separator: "\n").first.map(String.init) == "qemu-\(target) version \(version.text)"
            )
            #expect(file.target?.target == target)
            #expect(file.isStatic && file.isForHost)
        }
    }

    @Test("other files")
    func others() throws {
        let other = try #require(EmulatorFile("/usr/bin/env"))
        #expect(other.version == nil && other.target == nil && !other.isStatic && other.isForHost)
        #expect(EmulatorFile("/etc/os-release") == nil)
        #expect(EmulatorFile("/nonexistent") == nil)
        #expect(EmulatorFile("/usr") == nil)
    }

    static let matches: [(wanted: String, fits: Bool)] = [
        ("7.2.22", true), ("7.2", true), ("7", true), ("7.2.22 (Debian 1:7.2+dfsg-7)", true), ("7.2.2", false),
        ("7.20", false), ("8", false), ("", false), ("7.", false), ("Debian", false),
    ]

    @Test("which words name a version", arguments: matches)
    func naming(wanted: String, fits: Bool) throws {
        #expect(try #require(QEMUVersion("7.2.22 (Debian 1:7.2+dfsg-7)")).matches(wanted) == fits)
    }

    @Test("versions are in order of their numbers")
    func order() throws {
        let texts = ["2.9.1", "5.2.0 (Debian x)", "7.2.2", "7.2.22", "10.0", "10.0.2"]
        let versions = texts.compactMap { QEMUVersion($0) }
        #expect(versions.shuffled().sorted() == versions)
        #expect(versions.map(\.knowsPreservedName) == [false, false, true, true, true, true])
        #expect(QEMUVersion("") == nil && QEMUVersion("x") == nil && QEMUVersion("-1") == nil)
    }

    @Test("a wish for a platform goes before the one for all")
    func wish() throws {
        let wish = QEMUWish(
            general: "7", byPlatform: [try Platform("linux/arm64"): "8", try Platform("linux/arm/v6"): "5"])
        #expect(wish.version(for: try Platform("linux/arm64")) == "8")
        #expect(wish.version(for: try Platform("linux/arm/v6")) == "5")
        #expect(wish.version(for: try Platform("linux/arm/v7")) == "7")
        #expect(wish.version(for: try Platform("linux/s390x")) == "7")
    }
}
