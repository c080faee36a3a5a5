// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import OCI
import Testing

@Suite("Who gets what")
struct WhoGetsWhatTests {
    @Test(
        "a client picks by its rule",
        arguments: [
            // platform, list, containerd, podman, Docker up to 18.06
            ("linux/arm/v6", ["linux/arm/v7", "linux/arm/v6"], .exact(1), .exact(1), .wrong(0)),
            ("linux/arm/v7", ["linux/arm/v6", "linux/arm/v7"], .exact(1), .exact(1), .older(0)),
            ("linux/arm/v6", ["linux/arm/v7"], .nothing, .nothing, .wrong(0)),
            ("linux/arm/v6", ["linux/arm"], .nothing, .wrong(0), .wrong(0)),
            ("linux/arm/v7", ["linux/arm"], .exact(0), .exact(0), .exact(0)),
            ("linux/arm/v8", ["linux/arm/v7", "linux/arm64"], .older(0), .nothing, .older(0)),
            ("linux/arm64", ["linux/arm/v7"], .sister(0), .nothing, .nothing),
            ("linux/arm64", ["linux/arm/v7", "linux/arm64/v8"], .exact(1), .exact(1), .exact(1)),
            ("linux/arm64", ["linux/arm64/armv8"], .nothing, .nothing, .exact(0)),
            ("linux/arm64", ["linux/aarch64"], .exact(0), .nothing, .nothing),
            ("linux/arm64/v8.2", ["linux/arm64/v8.1", "linux/arm64"], .older(0), .older(1), .older(0)),
            ("linux/arm64/v9", ["linux/arm64/v8.5"], .older(0), .nothing, .older(0)),
            ("linux/arm64", ["linux/arm64/v8.2"], .nothing, .nothing, .wrong(0)),
            ("linux/amd64", ["linux/386"], .sister(0), .nothing, .nothing),
            ("linux/amd64", ["linux/386", "linux/amd64"], .exact(1), .exact(1), .exact(1)),
            ("linux/amd64", ["linux/amd64/v3"], .nothing, .nothing, .wrong(0)),
            ("linux/amd64/v4", ["linux/amd64/v2", "linux/amd64/v3"], .older(1), .nothing, .older(0)),
            ("linux/386", ["linux/amd64"], .nothing, .nothing, .nothing),
            ("linux/s390x", ["linux/amd64", "linux/s390x"], .exact(1), .exact(1), .exact(1)),
            ("linux/riscv64", ["linux/riscv64/rva22u64"], .nothing, .nothing, .wrong(0)),
            ("linux/amd64", ["?0", "-", "unknown/unknown"], .nothing, .nothing, .nothing),
            ("linux/amd64", ["windows/amd64", "linux/amd64", "linux/amd64"], .exact(1), .exact(1), .exact(1)),
        ] as [(String, [String], Pick, Pick, Pick)])
    func picks(platform: String, list: [String], containerd: Pick, podman: Pick, firstMatch: Pick) throws {
        let list = try Fixture.written(list)
        let platform = try Platform(platform)
        #expect(list.pick(for: platform) == containerd)
        #expect(list.pick(for: platform, by: .podman) == podman)
        #expect(list.pick(for: platform, by: .firstMatch) == firstMatch)
    }

    @Test("every known machine has an entry in a list for all of them")
    func everybody() throws {
        let list = try Fixture.written([
            "linux/amd64", "linux/arm64", "linux/arm/v7", "linux/arm/v6", "linux/arm/v5", "linux/386", "linux/s390x",
            "linux/ppc64le", "linux/riscv64", "linux/loong64", "linux/mips64le", "linux/mipsle",
        ])
        let choices = list.choices()
        #expect(choices.count == Machine.known.count)
        #expect(choices.allSatisfy { $0.pick.runs })
        #expect(Set(choices.map(\.machine.name)).count == choices.count)
        let zero = try #require(choices.first { $0.machine.name.contains("Pi 1") })
        #expect(zero.pick == .exact(3))
        #expect(zero.differing == [.firstMatch])
    }

    @Test("a list of two leaves out whom one would expect")
    func leftOut() throws {
        let left = try Fixture.written(["linux/amd64", "linux/arm64/v8"]).choices()
            .filter { !$0.pick.runs }.map(\.machine.platform.description)
        #expect(
            Set(left) == [
                "linux/386", "linux/arm/v8", "linux/arm/v7", "linux/arm/v6", "linux/arm/v5", "linux/s390x",
                "linux/ppc64le", "linux/riscv64", "linux/loong64", "linux/mips64le", "linux/mipsle",
            ])
    }

    @Test("an index picks what containerd picks, other architectures aside")
    func sameAsIndex() throws {
        let index = try Fixture.index("linux/amd64", "linux/arm/v5", "linux/arm/v6", "linux/arm64")
        for machine in Machine.known {
            let pick = WrittenIndex(index).pick(for: machine.platform)
            if case .sister = pick { continue }
            #expect(index.manifest(for: machine.platform)?.digest == pick.entry.map { index.manifests[$0].digest })
        }
    }
}
