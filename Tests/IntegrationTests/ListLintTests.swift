// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import OCI
import SystemPackage
import TestSupport
import Testing

extension Program {
    @Suite("Lists that are broken")
    struct ListLintTests {
        /// The images of busybox, in a repository of the test's own, by the platforms of their configs.
        private static func images(in repository: String) async throws -> [String: Descriptor] {
            let host = try SharedRegistry.host
            let copy = try await Program.skopeo(
                "copy", "--all", "--quiet", "--src-tls-verify=false", "--dest-tls-verify=false",
                "docker://\(host)/busybox:latest", "docker://\(host)/\(repository):base")
            try #require(copy.succeeded, copy.comment)
            let list = try #require(try await Program.raw("\(host)/\(repository):base"))
            var images: [String: Descriptor] = [:]
            for entry in list["manifests"].array {
                guard case .number(let size) = entry["size"], let digest = entry["digest"].string else { continue }
                images[ImageLayout.platform(entry["platform"])] = Descriptor(
                    mediaType: .ociManifest, digest: try Digest(digest), size: Int64(size))
            }
            return images
        }

        /// An entry as somebody wrote it.
        private static func entry(_ image: Descriptor?, _ platform: String?, _ more: String = "") throws -> String {
            let image = try #require(image)
            var text = #"{"mediaType":"\#(image.mediaType)","digest":"\#(image.digest)","size":\#(image.size)"#
            if let parts = platform?.split(separator: "/") {
                let variant = parts.count > 2 ? #","variant":"\#(parts[2])""# : ""
                text += #","platform":{"os":"\#(parts[0])","architecture":"\#(parts[1])"\#(variant)}"#
            }
            return text + more + "}"
        }

        private static func list(_ entries: String...) -> String {
            #"{"schemaVersion":2,"mediaType":"\#(MediaType.ociIndex)","manifests":["#
                + entries.joined(separator: ",\n") + "]}"
        }

        private static func attests(_ digest: Digest) -> String {
            #","annotations":{"vnd.docker.reference.type":"attestation-manifest","#
                + #""vnd.docker.reference.digest":"\#(digest)"}"#
        }

        /// What lint finds: `rule@entry`.
        private static func findings(_ result: ChildProcess.Result) throws -> [String] {
            try JSONValue(parsing: result.stdout)[0]["findings"].array.map { finding in
                if case .number(let entry) = finding["entry"] { return "\(finding["rule"].string ?? "")@\(Int(entry))" }
                return finding["rule"].string ?? ""
            }
        }

        @Test("are found out against a real registry, repaired, and clean then; the rest is told and stays as it is")
        func registry() async throws {
            try await Manifold.with { manifold in
                let registry = try SharedRegistry.registry
                let images = try await Self.images(in: "broken")
                let amd64 = try #require(images["linux/amd64"])
                let manifest = try #require(try await Program.raw("\(registry.host)/broken@\(amd64.digest)"))
                // Other manifests of the same content: one that gets lost, and two that attest.
                func another(_ note: String) async throws -> Descriptor {
                    let config = try #require(manifest["config"]["digest"].string)
                    var size = 0
                    if case .number(let number) = manifest["config"]["size"] { size = Int(number) }
                    return try await registry.put(
                        #"{"schemaVersion":2,"mediaType":"\#(MediaType.ociManifest)","annotations":{"n":"\#(note)"},"#
                            + #""config":{"mediaType":"\#(MediaType.ociConfig)","digest":"\#(config)","#
                            + #""size":\#(size)},"layers":[]}"#, as: .ociManifest, in: "broken")
                }
                let lost = try await another("lost")
                let attestation = try await another("attestation")
                let orphan = try await another("orphan")
                try await registry.put(
                    Self.list(
                        try Self.entry(images["linux/arm64"], "linux/arm64/armv8"),
                        try Self.entry(images["linux/arm/v5"], "linux/arm", #","data":"e30=""#),
                        try Self.entry(images["linux/arm/v7"], "linux/arm/v7"),
                        try Self.entry(images["linux/386"], "linux/386"),
                        try Self.entry(images["linux/386"], "linux/386"),
                        try Self.entry(amd64, "linux/s390x"), try Self.entry(lost, "linux/riscv64"),
                        try Self.entry(attestation, "unknown/unknown", Self.attests(amd64.digest)),
                        try Self.entry(orphan, "unknown/unknown", Self.attests(lost.digest))),
                    as: .ociIndex, in: "broken", tag: "1")
                registry.lose(lost.digest, in: "broken")
                let name = "\(registry.host)/broken:1"
                let before = try #require(try await Program.raw(name))

                let lint = try await manifold.run(["manifest", "lint", "--json", name])
                #expect(lint.status == .exited(1) && lint.errorOutput == "", lint.comment)
                #expect(
                    try Self.findings(lint) == [
                        "attestations", "unmatchable@1", "missing-variant@2", "hidden-match@3", "duplicate-platform@5",
                        "config-disagrees@6", "missing-child@7",
                    ], lint.comment)
                let text = try await manifold.run(["manifest", "lint", name])
                for words in [
                    "7 images, 2 attestations: ", "linux/arm64/armv8", "left out: Raspberry Pi 1, Zero, Zero W",
                    "cannot pull: RISC-V board", "get an image that does not run: IBM Z",
                    "mend: manifold manifest fix \(name) (which will write linux/arm64)", "--trust-configs",
                ] { #expect(text.output.contains(words), text.comment) }

                let rehearsal = try await manifold.run(["manifest", "fix", "--dry-run", name])
                #expect(rehearsal.succeeded, rehearsal.comment)
                let refused = try await manifold.run(["manifest", "fix", "--if-match", "\(lost.digest)", name])
                #expect(
                    refused.status == .exited(1) && refused.errorOutput.contains("is left as it is"), refused.comment)
                #expect(try await Program.raw(name) == before)

                let fix = try await manifold.run(["manifest", "fix", name])
                try #require(fix.succeeded, fix.comment)
                #expect(fix.output == rehearsal.output)
                #expect(fix.errorOutput.contains("left: linux/s390x"), fix.comment)
                let after = try #require(try await Program.raw(name))
                #expect(
                    after["manifests"].array.map { ImageLayout.platform($0["platform"]) } == [
                        "linux/arm64", "linux/arm/v7", "linux/arm/v5", "linux/386", "linux/s390x", "unknown/unknown",
                    ])
                #expect(after["manifests"][2]["data"] == "e30=")
                let level = try await manifold.run(["manifest", "lint", "--fail-on", "error", "--json", name])
                #expect(try Self.findings(level) == ["attestations", "config-disagrees@5"], level.comment)

                let trusting = try await manifold.run(["manifest", "fix", "--trust-configs", name])
                try #require(trusting.succeeded, trusting.comment)
                let clean = try await manifold.run(["manifest", "lint", name])
                #expect(
                    clean.succeeded && clean.output.contains("5 images, 1 attestation: nothing wrong"), clean.comment)
                let judge = try await Program.skopeo(
                    "copy", "--all", "--src-tls-verify=false", "docker://\(name)", "oci:\(manifold.path("judge")):1")
                #expect(judge.succeeded, judge.comment)
                let again = try await manifold.run(["manifest", "fix", name])
                #expect(again.succeeded && again.errorOutput.contains("nothing to fix"), again.comment)
                #expect(again.output == trusting.output)
            }
        }

        @Test(
            "are repaired in layouts too, be the list in index.json itself or behind a name, and on the way elsewhere")
        func layouts() async throws {
            try await Manifold.with(Manifold.Account.available.last ?? .ordinary) { manifold in
                let registry = try SharedRegistry.registry
                let images = try await Self.images(in: "layouts")
                let list = Self.list(
                    try Self.entry(images["linux/arm64"], "linux/arm64/armv8"),
                    // The size is wrong, and there is nothing behind the last.
                    try Self.entry(images["linux/amd64"], "linux/amd64").replacing(#""size":"#, with: #""size":9"#),
                    try Self.entry(
                        Descriptor(mediaType: .ociManifest, digest: .sha256(of: "none"), size: 1), "linux/s390x"))
                for place in ["flat", "named"] {
                    let layout = manifold.path(place)
                    let made = try await Program.skopeo(
                        "copy", "--all", "--quiet", "--src-tls-verify=false",
                        "docker://\(registry.host)/busybox:latest", "oci:\(layout):latest")
                    try #require(made.succeeded, made.comment)
                    let digest = Digest.sha256(of: list)
                    if place == "flat" {
                        try manifold.write(list, to: layout.appending("index.json"))
                    } else {
                        try manifold.write(list, to: layout.appending("blobs/sha256/\(digest.encoded)"))
                        try manifold.write(
                            Self.list(
                                #"{"mediaType":"\#(MediaType.ociIndex)","digest":"\#(digest)","size":\#(list.utf8.count),"#
                                    + #""annotations":{"org.opencontainers.image.ref.name":"1.0"}}"#),
                            to: layout.appending("index.json"))
                    }
                    let name = "oci:\(layout)" + (place == "flat" ? "" : ":1.0")
                    let lint = try await manifold.run(["manifest", "lint", "--json", name])
                    #expect(lint.status == .exited(1), lint.comment)
                    #expect(
                        try Self.findings(lint) == ["unmatchable@1", "wrong-size@2", "missing-child@3"], lint.comment)

                    let target = "\(registry.host)/layouts/\(place):1"
                    let moved = try await manifold.run(["manifest", "fix", "--to", target, name])
                    try #require(moved.succeeded, moved.comment)
                    let pushed = try #require(try await Program.raw(target))
                    #expect(
                        pushed["manifests"].array.map { ImageLayout.platform($0["platform"]) } == [
                            "linux/arm64", "linux/amd64",
                        ])
                    let still = try await manifold.run(["manifest", "lint", name])
                    #expect(still.status == .exited(1), still.comment)

                    let fix = try await manifold.run(["manifest", "fix", name])
                    try #require(fix.succeeded, fix.comment)
                    #expect(fix.output == moved.output)
                    let clean = try await manifold.run(["manifest", "lint", name, target])
                    #expect(clean.succeeded, clean.comment)
                }
                let judge = try await Program.skopeo(
                    "copy", "--all", "oci:\(manifold.path("named")):1.0", "oci:\(manifold.path("judge")):1")
                #expect(judge.succeeded, judge.comment)
            }
        }

        @Test("are not called broken when the registry does not answer: that ends with 2")
        func noAnswer() async throws {
            try await TestRegistry.with { registry in
                try await Manifold.with { manifold in
                    let gone = Descriptor(mediaType: .ociManifest, digest: .sha256(of: "a"), size: 1)
                    let list = Self.list(try Self.entry(gone, "linux/amd64"))
                    registry.putManifest(Array(list.utf8), mediaType: .ociIndex, in: "app", tag: "1")
                    let name = "\(registry.host)/app:1"
                    let lint = try await manifold.run(["manifest", "lint", "--json", name])
                    #expect(try lint.status == .exited(1) && Self.findings(lint) == ["missing-child@1"], lint.comment)
                    let empty = try await manifold.run(["manifest", "fix", name])
                    #expect(empty.status == .exited(1), empty.comment)
                    #expect(empty.errorOutput.contains("no image would be left"), empty.comment)
                    registry.add(Fault(.status(403), method: "GET", path: gone.digest.encoded, times: .max))
                    let denied = try await manifold.run(["manifest", "lint", name])
                    #expect(denied.status == .exited(2) && denied.output == "", denied.comment)
                    #expect(denied.errorOutput.hasPrefix("error: "), denied.comment)
                    registry.putManifest(Array("[]".utf8), mediaType: .ociIndex, in: "app", tag: "2")
                    let nothing = try await manifold.run(["manifest", "lint", "\(registry.host)/app:2"])
                    #expect(
                        nothing.status == .exited(2) && nothing.errorOutput.contains("no JSON object"), nothing.comment)
                }
            }
        }

        @Test("who tells what each machine gets, and ends with 1 when somebody who is required goes without")
        func who() async throws {
            try await Manifold.with { manifold in
                let registry = try SharedRegistry.registry
                let images = try await Self.images(in: "who")
                try await registry.put(
                    Self.list(
                        try Self.entry(images["linux/arm/v7"], "linux/arm/v7"),
                        try Self.entry(images["linux/arm64"], "linux/arm64/v8")),
                    as: .ociIndex, in: "who", tag: "1")
                let name = "\(registry.host)/who:1"
                let text = try await manifold.run(["manifest", "who", name])
                #expect(text.succeeded, text.comment)
                for words in [
                    "left out: PC, server, Intel Mac", "NOTHING", "fallback: made for an older variant",
                    "Docker up to 18.06:\n  Raspberry Pi 1, Zero, Zero W (linux/arm/v6): linux/arm/v7, WRONG",
                ] { #expect(text.output.contains(words), text.comment) }
                let json = try await manifold.run(["manifest", "who", "--json", "--platform", "linux/arm64", name])
                let machines = try JSONValue(parsing: json.stdout)["machines"].array
                #expect(machines.count > 2)
                for machine in machines {
                    #expect(machine["picks"]["containerd"]["result"] == "exact", json.comment)
                    #expect(machine["picks"]["podman"]["entry"] == 2, json.comment)
                }
                let good = try await manifold.run(["manifest", "who", "--require", "linux/arm64,linux/arm/v7", name])
                #expect(good.succeeded, good.comment)
                let bad = try await manifold.run(["manifest", "who", "--require", "linux/arm64,linux/arm/v6", name])
                #expect(bad.status == .exited(1) && bad.errorOutput.contains("no image for linux/arm/v6"), bad.comment)

                let single = "\(registry.host)/who@\(try #require(images["linux/arm/v7"]).digest)"
                let one = try await manifold.run(["manifest", "who", single])
                #expect(one.succeeded && one.output.contains("get what they cannot run: PC"), one.comment)
                let lint = try await manifold.run(["manifest", "lint", single])
                #expect(
                    lint.succeeded && lint.output.contains("is one image for linux/arm/v7, not a list"), lint.comment)
                let fix = try await manifold.run(["manifest", "fix", single])
                #expect(fix.succeeded && fix.errorOutput.contains("nothing to fix"), fix.comment)
            }
        }
    }
}
