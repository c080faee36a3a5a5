// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import OCI
import SystemPackage
import TestSupport
import Testing

extension Program {
    @Suite("Caches that travel")
    struct CacheTransferTests {
        /// What it makes is different each time that it is made.
        static let dockerfile = """
            ARG BASE
            FROM --platform=$BUILDPLATFORM $BASE AS tools
            WORKDIR /src
            COPY a .
            RUN cat /proc/sys/kernel/random/uuid a > made
            FROM $BASE
            RUN cat /proc/sys/kernel/random/uuid > /id
            COPY --from=tools /src/made /made
            RUN --mount=from=tools,source=/src,target=/t cat /t/made /proc/sys/kernel/random/uuid > /second

            """

        /// A store that nothing has been built in.
        static func empty(_ manifold: Manifold, _ name: String) -> Manifold.Setting {
            .environment(["MANIFOLD_ROOT": manifold.path(name).string])
        }

        static func build(
            _ manifold: Manifold, _ store: String, platforms: String = "linux/amd64", _ arguments: [String]
        ) async throws -> BuildLog {
            try await Program.build(
                dockerfile, files: ["a": "1"], platforms: platforms, arguments, with: manifold, empty(manifold, store))
        }

        /// The same without the layout, which needs the bytes of all layers.
        static func push(
            _ manifold: Manifold, _ store: String, platforms: String, as name: String, _ arguments: [String]
        ) async throws -> BuildLog {
            let context = try manifold.context(dockerfile, files: ["a": "1"])
            return try await manifold.build(
                try Program.busybox + ["--platform", platforms, "--push", "--tag", name] + arguments, context,
                empty(manifold, store))
        }

        static func outcomes(_ log: BuildLog) -> Set<String> {
            Set(["WORKDIR", "COPY", "RUN"].flatMap { log.outcomes(of: $0) })
        }

        /// What was said of caches; there may be findings of the linter besides.
        static func warnings(_ log: BuildLog) -> [String] {
            log.events.filter { $0["event"] == "warning" }.compactMap(\.["message"].string)
                .filter { $0.contains("cache") }
        }

        /// `type=registry,ref=…` for a cache of this test's own.
        static func cache(_ name: String, _ more: String = "") throws -> (name: String, to: [String], from: [String]) {
            let reference = "\(try SharedRegistry.host)/caches/\(name):1"
            return (
                reference, ["--cache-to", "type=registry,ref=\(reference)\(more)"],
                ["--cache-from", "type=registry,ref=\(reference)"]
            )
        }

        @Test("layers from a cache get the form that an output asks for, and those of the base keep theirs")
        func form() async throws {
            try await Manifold.with { manifold in
                let cache = try Self.cache("form")
                let first = try await Self.build(manifold, "one", cache.to)
                try #require(first.succeeded, first.comment)
                let second = try await Self.build(
                    manifold, "two",
                    cache.from + ["--output", "type=oci,dest=\(manifold.path("zstd.tar")),compression=zstd"])
                try #require(second.succeeded, second.comment)
                #expect(Self.outcomes(second) == ["cached"], second.comment)
                let listed = try await ChildProcess.run(
                    "skopeo", ["inspect", "--raw", "oci-archive:\(manifold.path("zstd.tar"))"])
                #expect(listed.output.ranges(of: "tar+zstd").count == 3, listed.comment)
                #expect(listed.output.contains("tar+gzip"), listed.comment)
            }
        }

        @Test(
            "an empty store finds every step in a registry, for every platform, and makes the same image",
            arguments: ["min", "max"])
        func registry(mode: String) async throws {
            try await Manifold.with { manifold in
                let cache = try Self.cache("three-\(mode)", ",mode=\(mode)")
                let platforms = "linux/amd64,linux/arm64,linux/arm/v7"
                let first = try await Self.build(manifold, "one", platforms: platforms, cache.to)
                try #require(first.succeeded, first.comment)
                #expect(Self.outcomes(first) == ["done"], first.comment)

                let index = try #require(try await Program.raw(cache.name))
                #expect(
                    index["manifests"].array.map { ImageLayout.platform($0["platform"]) }.sorted() == [
                        "linux/amd64", "linux/arm/v7", "linux/arm64",
                    ])
                let repository = cache.name.dropLast(2)
                for entry in index["manifests"].array {
                    let manifest = try await Program.raw("\(repository)@\(entry["digest"].string ?? "")")
                    // COPY, two RUN; and WORKDIR, COPY, RUN of the stage that all share.
                    #expect(manifest?["layers"].array.count == (mode == "max" ? 6 : 3), "\(entry)")
                }

                let second = try await Self.build(manifold, "two", platforms: platforms, cache.from)
                try #require(second.succeeded, second.comment)
                #expect(Self.outcomes(second) == ["cached"], second.comment)
                #expect(second.digest == first.digest)
                #expect(Self.warnings(second).isEmpty, second.comment)
            }
        }

        @Test("builds for different platforms keep each other's entries, one after the other and at the same time")
        func merging() async throws {
            try await Manifold.with { manifold in
                let cache = try Self.cache("merged", ",mode=max")
                let first = try await Self.build(manifold, "one", platforms: "linux/amd64", cache.to)
                try #require(first.succeeded, first.comment)
                // What the platforms share must be the same thing, and so comes from what is there already.
                let both = cache.from + cache.to
                async let arm64 = Self.push(manifold, "two", platforms: "linux/arm64", as: "\(cache.name)-a", both)
                async let arm = Self.push(manifold, "three", platforms: "linux/arm/v7", as: "\(cache.name)-b", both)
                for log in try await [arm64, arm] { #expect(log.succeeded, log.comment) }
                let index = try #require(try await Program.raw(cache.name))
                #expect(
                    index["manifests"].array.map { ImageLayout.platform($0["platform"]) } == [
                        "linux/amd64", "linux/arm/v7", "linux/arm64",
                    ])
                let all = try await Self.build(
                    manifold, "four", platforms: "linux/amd64,linux/arm64,linux/arm/v7", cache.from)
                #expect(Self.outcomes(all) == ["cached"], all.comment)
            }
        }

        @Test("a platform that a cache does not know yet uses what it shares with others")
        func newPlatform() async throws {
            try await Manifold.with { manifold in
                let cache = try Self.cache("new-platform", ",mode=max")
                let first = try await Self.build(manifold, "one", platforms: "linux/amd64", cache.to)
                try #require(first.succeeded, first.comment)
                let second = try await Self.build(manifold, "two", platforms: "linux/arm64", cache.from)
                try #require(second.succeeded, second.comment)
                #expect(second.outcomes(of: "RUN cat /proc/sys/kernel/random/uuid a") == ["cached"], second.comment)
                #expect(second.outcomes(of: "RUN cat /proc/sys/kernel/random/uuid > /id") == ["done"])
                #expect(Self.warnings(second).count == 1 && Self.warnings(second)[0].contains("linux/arm64"))
            }
        }

        @Test("after a change only what follows from it is done, whether the layers below were kept or only named")
        func change() async throws {
            try await Manifold.with { manifold in
                for mode in ["min", "max"] {
                    let cache = try Self.cache("change-\(mode)", ",mode=\(mode)")
                    let first = try await Self.build(manifold, "one-\(mode)", cache.to)
                    try #require(first.succeeded, first.comment)
                    let second = try await Program.build(
                        Self.dockerfile, files: ["a": "changed"], cache.from, with: manifold,
                        Self.empty(manifold, "two-\(mode)"))
                    try #require(second.succeeded, second.comment)
                    #expect(second.outcomes(of: "COPY a").last == "done", second.comment)
                    #expect(second.outcomes(of: "WORKDIR").first == "cached")
                    #expect(second.outcomes(of: "RUN cat /proc/sys/kernel/random/uuid > /id") == ["cached"])
                    #expect(Self.warnings(second).isEmpty, second.comment)
                }
            }
        }

        @Test("a directory is a cache for all who have it, and does not grow")
        func directory() async throws {
            try await Manifold.with { manifold in
                let path = manifold.path("cache")
                let to = ["--cache-to", "type=local,dest=\(path),mode=max"]
                for (store, platform) in [("one", "linux/amd64"), ("two", "linux/arm64"), ("three", "linux/arm64")] {
                    let log = try await Self.build(manifold, store, platforms: platform, to)
                    try #require(log.succeeded, log.comment)
                }
                for platform in ["linux/amd64", "linux/arm64"] {
                    let log = try await Self.build(
                        manifold, "four \(platform.suffix(5))", platforms: platform,
                        ["--cache-from", "type=local,src=\(path)"])
                    #expect(Self.outcomes(log) == ["cached"], log.comment)
                }
                let raw = try await Program.skopeo("inspect", "--raw", "oci:\(path):latest")
                let index = try JSONValue(parsing: raw.stdout)
                var named: Set<String?> = [try ImageLayout(path).top["digest"].string]
                for entry in index["manifests"].array {
                    named.insert(entry["digest"].string)
                    let manifest = try ImageLayout(path).image(ImageLayout.platform(entry["platform"])).manifest
                    named.insert(manifest["config"]["digest"].string)
                    named.formUnion(manifest["layers"].array.map(\.["digest"].string))
                }
                let there = try await ChildProcess.run("ls", [path.appending("blobs/sha256").string])
                #expect(Set(there.output.split(separator: "\n").map { "sha256:\($0)" }) == named)

                let missing = try await Self.build(
                    manifold, "five", ["--cache-from", "type=local,src=\(manifold.path("nothing"))"])
                #expect(missing.succeeded && Self.warnings(missing).count == 1, missing.comment)
                let full = try await Self.build(
                    manifold, "five", ["--cache-to", "type=local,dest=\(manifold.path("context"))"])
                #expect(full.result.status == .exited(1) && full.message.contains("other files"), full.comment)
            }
        }

        @Test("an image that carries its own cache makes itself again, and is an image like others")
        func inline() async throws {
            try await Manifold.with { manifold in
                let name = "\(try SharedRegistry.host)/inline:1"
                let platforms = "linux/amd64,linux/arm64"
                let first = try await Self.push(
                    manifold, "one", platforms: platforms, as: name, ["--cache-to", "type=inline"])
                try #require(first.succeeded, first.comment)
                let second = try await Self.push(
                    manifold, "two", platforms: platforms, as: name,
                    ["--cache-from", name, "--build-arg", "BUILDKIT_INLINE_CACHE=1"])
                #expect(Self.outcomes(second) == ["cached"], second.comment)
                #expect(second.digest == first.digest)
                #expect(!second.titles.contains { $0.hasPrefix("pull") }, second.comment)
                let copy = try await Program.skopeo(
                    "copy", "--src-tls-verify=false", "docker://\(name)", "oci:\(manifold.path("copy")):1")
                #expect(copy.succeeded, copy.comment)
                let unpacked = try await ChildProcess.run(
                    "umoci",
                    ["unpack", "--rootless", "--image", "\(manifold.path("copy")):1", manifold.path("bundle").string])
                #expect(unpacked.succeeded, unpacked.comment)

                let plain = try await Self.push(manifold, "three", platforms: "linux/amd64", as: name, [])
                try #require(plain.succeeded, plain.comment)
                let none = try await Self.build(manifold, "four", ["--cache-from", name])
                #expect(Self.outcomes(none) == ["done"] && Self.warnings(none).count == 1, none.comment)
            }
        }

        @Test("a cache that is missing, forbidden, out of reach or no cache is one line, and the build goes on")
        func unreadable() async throws {
            try await Manifold.with { manifold in
                let context = try manifold.context("FROM scratch\nCOPY a /\n", files: ["a": "1"])
                try await TestRegistry.with { registry in
                    let body = Array("{}".utf8)
                    registry.putManifest(body, mediaType: .ociManifest, in: "odd", tag: "1")
                    registry.add(Fault(.status(401), path: "/secret/", times: .max))
                    registry.add(Fault(.status(403), path: "/forbidden/", times: .max))
                    let names = [
                        "\(registry.host)/none:1", "\(registry.host)/odd:1", "\(registry.host)/secret:1",
                        "\(registry.host)/forbidden:1", "127.0.0.1:9/down:1",
                    ]
                    for name in names {
                        let log = try await manifold.build(["--cache-from", name], context)
                        #expect(log.succeeded, log.comment)
                        let warnings = Self.warnings(log).filter { $0.contains(name) }
                        #expect(warnings.count == 1, log.comment)
                    }
                }
            }
        }

        @Test("a layer that the registry lost, or damaged, is made again")
        func lostLayers() async throws {
            try await Manifold.with { manifold in
                try await TestRegistry.with { registry in
                    let reference = "\(registry.host)/cache:1"
                    let first = try await Self.build(
                        manifold, "one", ["--cache-to", "type=registry,mode=max,ref=\(reference)"])
                    try #require(first.succeeded, first.comment)
                    let index = try JSONValue(parsing: try #require(registry.manifest("1", in: "cache")))
                    let digest = try #require(index["manifests"][0]["digest"].string)
                    let manifest = try JSONValue(parsing: try #require(registry.manifest(digest, in: "cache")))
                    let layers = manifest["layers"].array.compactMap(\.["digest"].string)
                    for (number, fault) in [Fault.Action.status(404), .wrongByte].enumerated() {
                        for layer in layers { registry.add(Fault(fault, method: "GET", path: layer, times: 1)) }
                        let longer = Self.dockerfile + "COPY --from=tools /src/made /more\nRUN cat /id /more\n"
                        let log = try await Program.build(
                            longer, files: ["a": "1"], ["--cache-from", reference], with: manifold,
                            Self.empty(manifold, "again-\(number)"))
                        #expect(log.succeeded, log.comment)
                        #expect(log.outcomes(of: "RUN cat /proc/sys/kernel/random/uuid > /id").last == "done")
                        #expect(log.outcomes(of: "RUN cat /id /more").last == "done")
                        #expect(Self.warnings(log).contains { $0.contains("RUN cat /proc") }, log.comment)
                        #expect(!log.outcomes(of: "").contains("failed"), log.comment)
                        let image = try ImageLayout(manifold.path("out")).image("linux/amd64")
                        #expect(image.layers.count == 6)
                    }
                }
            }
        }

        // With equal times the step that is done again gives the blob that the cache says is the other layer.
        @Test(
            "a cache that says of a blob that it is another layer than it is spoils nothing",
            arguments: [[], ["--build-arg", "SOURCE_DATE_EPOCH=1700000000"]])
        func lies(times: [String]) async throws {
            try await Manifold.with { manifold in
                let path = manifold.path("cache")
                let dockerfile = Program.dockerfile("RUN echo one > /one", "RUN echo two > /two")
                let first = try await Program.build(
                    dockerfile, times + ["--cache-to", "type=local,dest=\(path)"], with: manifold,
                    Self.empty(manifold, "one"))
                try #require(first.succeeded, first.comment)
                // The two blobs change places in the manifest, and everything above is named anew.
                let script = """
                    import json, hashlib, sys, os
                    top = sys.argv[1]
                    path = lambda digest: os.path.join(top, 'blobs/sha256', digest.split(':')[1])
                    def put(document):
                        data = json.dumps(document).encode()
                        digest = 'sha256:' + hashlib.sha256(data).hexdigest()
                        open(path(digest), 'wb').write(data)
                        return digest, len(data)
                    names = json.load(open(top + '/index.json'))
                    index = json.load(open(path(names['manifests'][0]['digest'])))
                    manifest = json.load(open(path(index['manifests'][0]['digest'])))
                    manifest['layers'].reverse()
                    entry = index['manifests'][0]
                    entry['digest'], entry['size'] = put(manifest)
                    entry = names['manifests'][0]
                    entry['digest'], entry['size'] = put(index)
                    json.dump(names, open(top + '/index.json', 'w'))
                    """
                let changed = try await ChildProcess.run("python3", ["-c", script, path.string])
                try #require(changed.succeeded, changed.comment)
                let store = Self.empty(manifold, "two")
                let second = try await Program.build(
                    dockerfile, times + ["--cache-from", "type=local,src=\(path)"], with: manifold, store)
                #expect(second.succeeded, second.comment)
                for step in ["RUN echo one > /one", "RUN echo two > /two"] {
                    #expect(second.outcomes(of: step).last == "done", second.comment)
                }
                let image = try ImageLayout(manifold.path("out")).image("linux/amd64")
                let layer = try #require(image.layers.last)
                #expect(try await ImageLayout.content(of: "two", in: layer) == Array("two\n".utf8))
            }
        }

        @Test("nothing of an image that is only pushed is downloaded")
        func pushesOnly() async throws {
            try await Manifold.with { manifold in
                try await TestRegistry.with { registry in
                    let reference = "\(registry.host)/cache:1"
                    let platforms = "linux/amd64,linux/arm64"
                    let first = try await Self.push(
                        manifold, "one", platforms: platforms, as: "\(registry.host)/app:1",
                        ["--cache-to", "type=registry,mode=max,ref=\(reference)"])
                    try #require(first.succeeded, first.comment)
                    let uploads = registry.requests.filter { $0.method == "PUT" && $0.target.contains("/blobs/") }
                    let sent = Set(uploads.compactMap { $0.target.split(separator: "digest=").last })
                    #expect(sent.count == uploads.count, "no blob is sent twice, but mounted")
                    registry.clearRequests()

                    let second = try await Self.push(
                        manifold, "two", platforms: platforms, as: "\(registry.host)/other:1",
                        ["--cache-from", reference])
                    #expect(Self.outcomes(second) == ["cached"], second.comment)
                    let pulled = registry.requests.filter { $0.method == "GET" && $0.target.contains("/blobs/") }
                    #expect(pulled.count == 2, "one config for each platform: \(pulled)")
                    #expect(second.titles.contains { $0 == "import cache from \(reference)" }, second.comment)
                }
            }
        }

        @Test("a cache that cannot be written fails the build after the image is there, unless that does not matter")
        func failingExport() async throws {
            try await Manifold.with { manifold in
                try await TestRegistry.with { registry in
                    registry.add(Fault(.status(403), method: "PUT", path: "/cache/manifests/", times: .max))
                    let cache = "type=registry,ref=\(registry.host)/cache:1"
                    let context = try manifold.context("FROM scratch\nCOPY a /\n", files: ["a": "1"])
                    let log = try await manifold.build(
                        ["--push", "--tag", "\(registry.host)/app:1", "--cache-to", cache], context)
                    #expect(log.result.status == .exited(1), log.comment)
                    #expect(log.message.contains("\(registry.host)/app:1"), log.comment)
                    #expect(registry.manifest("1", in: "app") != nil)
                    let ignored = try await manifold.build(
                        ["--push", "--tag", "\(registry.host)/app:2", "--cache-to", cache + ",ignore-error=true"],
                        context)
                    #expect(ignored.succeeded && Self.warnings(ignored).count == 1, ignored.comment)

                    let image = try await manifold.build(
                        ["--cache-to", "type=registry,ref=\(registry.host)/app:1"], context)
                    #expect(image.result.status == .exited(1), image.comment)
                    #expect(image.message.contains("would be overwritten"), image.comment)
                }
            }
        }

        @Test("no key depends on the machine, the user, the time, a proxy or what a secret says")
        func keys() async throws {
            try await Manifold.with { manifold in
                let dockerfile = Program.dockerfile(
                    "COPY --chown=1:2 a /x/", "RUN --mount=type=secret,id=s --mount=type=cache,target=/c cat /x/a > /b",
                    "ADD d /d/", "WORKDIR /w")
                let cache = try Self.cache("keys")
                let context = try manifold.context(dockerfile, files: ["a": "1", "d": "2"])
                let first = try await manifold.build(
                    try Program.busybox + ["--secret", "id=s,env=S", "--build-arg", "HTTP_PROXY=http://one"] + cache.to,
                    context, .environment(["S": "1", "MANIFOLD_ROOT": manifold.path("one").string]))
                try #require(first.succeeded, first.comment)
                let other = try #require(Manifold.Account.available.last)
                let elsewhere = try manifold.context(dockerfile, files: ["a": "1", "d": "2"], name: "elsewhere")
                _ = try await ChildProcess.run("touch", ["-d", "2001-02-03", elsewhere.appending("a").string])
                let second = try await manifold.other(other).build(
                    try Program.busybox + ["--secret", "id=s,env=S", "--build-arg", "HTTP_PROXY=http://two"]
                        + cache.from,
                    elsewhere, .environment(["S": "2", "MANIFOLD_ROOT": manifold.path("two").string]))
                #expect(Self.outcomes(second).union(second.outcomes(of: "ADD")) == ["cached"], second.comment)
            }
        }

        @Test(
            "what is asked for and is not to be had says what to use",
            arguments: [
                (["--cache-to", "type=gha"], "type=registry"), (["--cache-from", "type=s3,bucket=a"], "type=registry"),
                (["--cache-to", "type=registry"], "ref is missing"), (["--cache-to", "type=local,dest="], "dest"),
                (["--cache-to", "type=inline,mode=max"], "type=registry"), (["--cache-to", "type=tape"], "tape"),
                (["--cache-to", "type=registry,ref=a,mode=all"], "mode=max"),
                (["--cache-from", "type=local,src=a,colour=red"], "colour"),
            ])
        func commandLine(arguments: [String], words: String) async throws {
            try await Manifold.with { manifold in
                let context = try manifold.context("FROM scratch\nCOPY a /\n", files: ["a": "1"])
                let log = try await manifold.build(arguments, context)
                #expect(log.result.status == .exited(1) && log.message.contains(words), log.comment)
            }
        }
    }
}
