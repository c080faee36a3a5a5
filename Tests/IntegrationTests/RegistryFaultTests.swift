// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import SystemPackage
import TestSupport
import Testing

extension Program {
    /// The program's side of what `FaultTableTests` and `InterruptionTests` hold the library to.
    @Suite("Registries that fail now and then, and what the program makes of it")
    struct RegistryFaultTests {
        /// Runs `body` with a proxy that can misbehave in front of the suite's registry.
        private func withProxy(_ body: (FaultProxy, Manifold) async throws -> Void) async throws {
            try await Manifold.with { manifold in
                try await FaultProxy.with(inFrontOf: SharedRegistry.host) { proxy in try await body(proxy, manifold) }
            }
        }

        @Test("faults that pass are got over by copy, build and pull, and the bytes are right")
        func passing() async throws {
            try await withProxy { proxy, manifold in
                for (action, method, path) in [
                    (Fault.Action.status(429, headers: ["Retry-After": "1"]), "POST", "/blobs/uploads/"),
                    (.dropRequest(afterBytes: 20_000), "PUT", "/blobs/uploads/"), (.status(502), "HEAD", "/blobs/"),
                    (.dropAnswer, "PUT", "/manifests/1"), (.dropBody(afterBytes: 1000), "GET", "/blobs/"),
                ] {
                    proxy.add(Fault(action, method: method, path: path))
                }
                let original = try await Program.document("docker://\(try SharedRegistry.host)/busybox:latest")
                let layout = manifold.path("layout")
                let pulled = try await manifold.run(["copy", "\(proxy.host)/busybox:latest", "oci:\(layout):1"])
                try #require(pulled.succeeded, pulled.comment)
                // A store that has not seen the blobs in the registry, which would be asked to hand them on.
                let pushed = try await manifold.run(
                    ["copy", "oci:\(layout):1", "\(proxy.host)/faults/copied:1"],
                    .environment(["MANIFOLD_ROOT": manifold.path("other").string]))
                try #require(pushed.succeeded, pushed.comment)
                #expect(try await Program.document("docker://\(SharedRegistry.host)/faults/copied:1") == original)
                #expect(proxy.faultCount == 5)

                proxy.add(Fault(.status(503), method: "GET", path: "/manifests/"))
                proxy.add(Fault(.dropBody(afterBytes: 1000), method: "GET", path: "/blobs/"))
                proxy.add(Fault(.status(500), method: "PUT", path: "/blobs/uploads/"))
                let context = try manifold.context("FROM \(proxy.host)/busybox\nRUN echo 1 > /a\n")
                let name = "faults/built:1"
                let built = try await manifold.build(["--push", "--tag", "\(proxy.host)/\(name)"], context)
                #expect(built.succeeded, built.comment)
                #expect(try await Program.raw("\(SharedRegistry.host)/\(name)") != nil)
                #expect(proxy.faultCount == 8)
            }
        }

        /// A fault for good: what meets it, and what the error must say beside the registry's name.
        struct Deadly: Sendable, CustomTestStringConvertible {
            var name: String
            var fault: Fault
            var words: [String]
            var testDescription: String { name }

            init(_ name: String, _ action: Fault.Action, _ method: String, _ path: String, says words: String...) {
                self.name = name
                fault = Fault(action, method: method, path: path, times: .max)
                self.words = words
            }
        }

        private static let oldRegistry = #"{"errors":[{"code":"MANIFEST_INVALID","message":"no"}]}"#

        @Test(
            "faults that last end a push with a clear error and the tag where it was",
            arguments: [
                Deadly(
                    "the registry fails at the tag", .status(503), "PUT", "/manifests/1",
                    says: "cannot push manifest", "HTTP status 503", "tried 5 times", "try again later"),
                Deadly(
                    "no right to push", .status(403), "POST", "/blobs/uploads/", says: "cannot push blob",
                    "denies access", "log in with `manifold login"),
                Deadly(
                    "Docker's media types only", .status(400, body: oldRegistry), "PUT", "/manifests/1",
                    says: "MANIFEST_INVALID", "oci-mediatypes=false"),
                Deadly(
                    "the bytes arrive damaged", .wrongRequestByte, "PUT", "/blobs/uploads/", says: "cannot push blob",
                    "DIGEST_INVALID"),
            ])
        func deadlyPush(_ deadly: Deadly) async throws {
            try await withProxy { proxy, manifold in
                let host = try SharedRegistry.host
                let repository = "faults/" + deadly.name.lowercased().filter { $0.isLetter }
                let before = try await manifold.run(
                    ["copy", "-q", "--platform", "amd64", "\(host)/busybox:latest", "\(host)/\(repository):1"])
                try #require(before.succeeded, before.comment)
                let document = try await Program.document("docker://\(host)/\(repository):1")
                proxy.add(deadly.fault)

                let layout = try await BaseImages.layout("busybox")
                let copied = try await manifold.run(
                    ["copy", "oci:\(layout):latest", "\(proxy.host)/\(repository):1"])
                #expect(copied.status == .exited(1), copied.comment)
                for word in deadly.words + [proxy.host] { #expect(copied.errorOutput.contains(word), copied.comment) }

                let context = try manifold.context("FROM scratch\nCOPY a /\n", files: ["a": deadly.name])
                let built = try await manifold.build(["--push", "--tag", "\(proxy.host)/\(repository):1"], context)
                #expect(built.result.status == .exited(1), built.comment)
                for word in deadly.words + [proxy.host] {
                    #expect(built.message.contains(word) || built.result.errorOutput.contains(word), built.comment)
                }
                #expect(try await Program.document("docker://\(host)/\(repository):1") == document)
            }
        }

        @Test(
            "faults that last end a pull with a clear error, and nothing is kept under the name",
            arguments: [
                Deadly("damaged layer", .wrongByte, "GET", "/blobs/", says: "wanted the bytes of sha256:"),
                Deadly("short layer", .length(by: -1), "GET", "/blobs/", says: "cannot pull blob", "wanted"),
                Deadly(
                    "damaged index", .wrongByte, "GET", "/manifests/", says: "cannot pull manifest", "push the image"),
                Deadly("not ours", .status(403), "GET", "/manifests/", says: "denies access", "manifold login"),
            ])
        func deadlyPull(_ deadly: Deadly) async throws {
            try await withProxy { proxy, manifold in
                proxy.add(deadly.fault)
                let pulled = try await manifold.run(["pull", "\(proxy.host)/busybox"])
                #expect(pulled.status == .exited(1), pulled.comment)
                for word in deadly.words + [proxy.host] { #expect(pulled.errorOutput.contains(word), pulled.comment) }
                #expect(try await manifold.run(["images", "-q"]).output == "")
                let context = try manifold.context("FROM \(proxy.host)/busybox\nRUN echo 1 > /a\n")
                let built = try await manifold.build([], context)
                #expect(built.result.status == .exited(1), built.comment)
                for word in deadly.words + [proxy.host] { #expect(built.message.contains(word), built.comment) }
            }
        }
    }
}
