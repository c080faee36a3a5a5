// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import Build
import Glibc
import Layers
import OCI
import Store
import SystemPackage
import Testing

@Suite("Build: what is done again and what is not", .enabled(if: isRoot, "steps change owners: needs root"))
struct CacheTests {
    let three = ["linux/amd64", "linux/arm64", "linux/arm/v7"]
    static let text = """
        FROM base AS build
        COPY a /a
        RUN write /made one
        COPY b /b
        FROM base
        WORKDIR /app
        COPY --from=build /made /app/
        COPY b /app/
        CMD ["/app/made"]
        """

    private func place() throws -> Workplace {
        let place = try Workplace()
        try place.write("a", "1")
        try place.write("b", "2")
        return place
    }

    @Test("a second build takes everything from the store and makes the same image")
    func unchanged() async throws {
        let place = try place()
        let first = try await place.build(Self.text, for: three)
        #expect(first.allOutcomes == [.done])
        #expect(place.runner.commands.count == 3)
        let second = try await place.build(for: three)
        #expect(second.allOutcomes == [.cached])
        #expect(second.summary.digest == first.summary.digest)
        #expect(place.runner.commands.count == 3)
        #expect(first.summary.images.map(\.platform.description) == three)
    }

    @Test("touching a file changes nothing; changing it makes anew what follows and no more")
    func changedFile() async throws {
        let place = try place()
        let first = try await place.build(Self.text)
        try place.write("b", "2", age: 10)
        #expect(try await place.build().allOutcomes == [.cached])
        try place.write("b", "3")
        let second = try await place.build()
        #expect(second.outcomes["COPY a /a"] == [.cached])
        #expect(second.outcomes["RUN write /made one"] == [.cached])
        #expect(second.outcomes["COPY b /app/"] == [.done])
        #expect(second.summary.digest != first.summary.digest)
        try place.write("a", "0")
        let third = try await place.build()
        #expect(third.outcomes["RUN write /made one"] == [.done])
        // The command made the same file again: nothing has changed for whoever copies it.
        #expect(third.outcomes["COPY --from=build /made /app/"] == [.cached])
    }

    @Test("a mode, an attribute and a name are changes, too")
    func metadata() async throws {
        let place = try place()
        try await place.build("FROM base\nCOPY a /x/\n")
        try place.write("a", "1", mode: 0o755)
        #expect(try await place.build().allOutcomes == [.done])
        var file = TestFile.file("m", "1")
        try place.images.add("plain", layers: [[file]])
        file.xattrs = ["security.capability": [1, 0, 0, 2]]
        try place.images.add("capable", layers: [[file]])
        try await place.build("FROM base\nCOPY --from=plain /m /\n")
        let built = try await place.build("FROM base\nCOPY --from=capable /m /\n")
        #expect(built.allOutcomes == [.done])
        #expect(try await built.tree().lookup(TreePath("m"))?.xattrs == file.xattrs)
    }

    @Test("--no-cache does everything again")
    func refresh() async throws {
        let place = try place()
        try await place.build(Self.text)
        let second = try await place.build { $0.cachePolicy = .refresh }
        #expect(second.allOutcomes == [.done])
        #expect(place.runner.commands.count == 2)
        #expect(try await place.build().allOutcomes == [.cached])
    }

    @Test("the same COPY is one layer on all platforms, written once")
    func sharedLayer() async throws {
        let place = try place()
        let built = try await place.build("FROM base\nRUN write /m $x\nCOPY b /b\n", for: three)
        let tops = built.result.images.compactMap(\.layers.last)
        #expect(tops.count == 3)
        #expect(Set(tops).count == 1)
        let blob = built.store.blobPath(tops[0].blob.digest)
        let before = try identity(blob)
        #expect(try await place.build().allOutcomes == [.cached])
        #expect(try identity(blob) == before)
        #expect(built.outcomes["COPY b /b"] == [.done, .done, .done])
    }

    private func identity(_ path: FilePath) throws -> UInt64 {
        var status = stat()
        guard stat(path.string, &status) == 0 else { throw Errno(rawValue: errno) }
        return UInt64(status.st_ino)
    }

    @Test("with an explicit epoch two fresh stores give the same digests, whatever the files' times")
    func reproducible() async throws {
        let place = try place()
        let epoch = SourceEpoch(seconds: 1_500_000_000, origin: .explicit)
        let first = try await place.build(Self.text, for: three, in: place.store("one")) { $0.epoch = epoch }
        try place.write("a", "1", age: 7)
        try place.write("b", "2", age: 70_000)
        let second = try await place.build(for: three, in: place.store("two")) { $0.epoch = epoch }
        #expect(second.allOutcomes == [.done])
        #expect(first.summary.digest == second.summary.digest)
        let other = try await place.build(in: place.store("one")) {
            $0.epoch = SourceEpoch(seconds: 1_400_000_000, origin: .explicit)
        }
        #expect(other.allOutcomes == [.done])
        let commit = try await place.build(for: three, in: place.store("one")) {
            $0.epoch = SourceEpoch(seconds: 1_300_000_000, origin: .commit)
        }
        #expect(commit.allOutcomes == [.done])
        let later = try await place.build(for: three, in: place.store("one")) {
            $0.epoch = SourceEpoch(seconds: 1_300_000_001, origin: .commit)
        }
        #expect(later.allOutcomes == [.cached])
    }

    @Test("only what a step reads is fetched")
    func laziness() async throws {
        let place = try place()
        try place.images.add("other", layers: [[.file("one", "1")], [.file("two", "2")]])
        try await place.build("FROM base\nENV A=1\nCMD x\n", for: three)
        #expect(place.images.fetched.isEmpty)
        try await place.build("FROM base\nCOPY --from=other /two /\n")
        // An index needs the layer; both of other's and base's, each once.
        #expect(place.images.fetched.count == 3)
        #expect(Set(place.images.fetched).count == 3)
    }

    @Test(
        "whatever of the store is damaged or gone is made again",
        arguments: [
            "layers", "steps", "indexes", "snapshots", "files", "blobs/sha256",
        ])
    func damage(folder: String) async throws {
        let place = try place()
        let first = try await place.build(Self.text, for: three)
        for isEmptied in [true, false] {
            let path = place.root.appending("store").pushing(FilePath(folder))
            for name in try Files.names(in: path) {
                let file = path.appending(name)
                if isEmptied || folder == "snapshots" {
                    try Files.removeTree(file)
                } else {
                    let bytes = try Files.read(file) ?? []
                    try Files.write(bytes.dropLast(1), to: file)
                }
            }
            let second = try await place.build(for: three)
            #expect(second.result.images.map(\.layers.count) == first.result.images.map(\.layers.count))
            for platform in 0..<3 {
                #expect(try await second.line("app/made", platform) == "app/made 644 0:0")
                #expect(try await second.line("app/b", platform) == "app/b 644 0:0")
            }
            let third = try await place.build(for: three) { $0.cachePolicy = .refresh }
            #expect(try await third.line("app/made") == "app/made 644 0:0")
        }
    }

    @Test("a blob of a base whose bytes were altered is fetched again")
    func alteredBase() async throws {
        let place = try place()
        try await place.build("FROM base\nRUN write /x 1\n")
        let store = place.root.appending("store")
        for (digest, bytes) in place.images.blobs where Files.exists(store.appending("blobs/sha256/\(digest.encoded)"))
        {
            var altered = bytes
            altered[altered.count / 2] ^= 0xFF
            try Files.write(altered, to: store.appending("blobs/sha256/\(digest.encoded)"))
        }
        for folder in ["snapshots", "steps"] {
            for name in try Files.names(in: store.appending(folder)) {
                try Files.removeTree(store.appending(folder).appending(name))
            }
        }
        try await place.build("FROM base\nCOPY --chown=me a /a\n")
        try await place.build("FROM base\nRUN write /x 1\n")
        #expect(place.images.fetched.count == 2)
    }

    @Test("a layer that was made here and altered is an error once, and made again by the next build")
    func alteredLayer() async throws {
        let place = try place()
        let first = try await place.build("FROM base\nRUN write /x 1\n")
        let layer = try #require(first.result.images[0].layers.last)
        let blob = first.store.blobPath(layer.blob.digest)
        var bytes = try #require(try Files.read(blob))
        bytes[bytes.count / 2] ^= 0xFF
        try Files.write(bytes, to: blob)
        for folder in ["snapshots", "indexes"] {
            let path = place.root.appending("store").appending(folder)
            for name in try Files.names(in: path) { try Files.removeTree(path.appending(name)) }
        }
        await #expect(throws: BuildError.self) { try await place.build("FROM base\nRUN write /x 1\nRUN write /y 2\n") }
        let second = try await place.build("FROM base\nRUN write /x 1\nRUN write /y 2\n")
        #expect(second.allOutcomes == [.done])
        #expect(try await second.line("x") == "x 644 0:0")
    }

    @Test("two builds at once on one store do not disturb each other")
    func together() async throws {
        let place = try place()
        try place.write("Dockerfile", Self.text)
        let digests = try await withThrowingTaskGroup(of: [Digest].self) { group in
            for _ in 0..<4 {
                group.addTask {
                    try await place.build(for: three).result.images.compactMap(\.layers.last?.diffID)
                }
            }
            return try await group.reduce(into: []) { $0.append($1) }
        }
        #expect(digests.count == 4)
        #expect(try await place.build(for: three).allOutcomes == [.cached])
    }
}
