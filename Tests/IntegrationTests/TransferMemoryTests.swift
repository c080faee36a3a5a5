// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import SystemPackage
import TestSupport
import Testing

extension Program {
    @Suite("Memory while images are carried")
    struct TransferMemoryTests {
        /// What a layout of 300 MB holds: six layers of 50 MB that differ, which no compression is asked to look at.
        private static let layout = #"""
            set -eu
            mkdir -p "$1/blobs/sha256"
            cd "$1"
            add() { set -- "$1" "$(sha256sum <"$1" | cut -d' ' -f1)" "$(stat -c %s "$1")" && mv "$1" "blobs/sha256/$2"
                printf '"digest":"sha256:%s","size":%s' "$2" "$3"; }
            layers=
            diffs=
            for number in 1 2 3 4 5 6; do
                echo "$number" >layer
                truncate -s 50000000 layer
                entry=$(add layer)
                layers="$layers${layers:+,}{\"mediaType\":\"application/vnd.oci.image.layer.v1.tar\",$entry}"
                diffs="$diffs${diffs:+,}$(echo "$entry" | cut -d: -f2- | cut -d, -f1)"
            done
            printf '{"architecture":"amd64","os":"linux","rootfs":{"type":"layers","diff_ids":[%s]}}' "$diffs" >config
            type=application/vnd.oci.image
            printf '{"schemaVersion":2,"mediaType":"%s","config":{"mediaType":"%s",%s},"layers":[%s]}' \
                "$type.manifest.v1+json" "$type.config.v1+json" "$(add config)" "$layers" >manifest
            printf '{"schemaVersion":2,"manifests":[{"mediaType":"%s",%s,"annotations":{"%s":"1"}}]}' \
                "$type.manifest.v1+json" "$(add manifest)" org.opencontainers.image.ref.name >index.json
            printf '{"imageLayoutVersion":"1.0.0"}' >oci-layout
            """#

        /// Ends in a line with the largest resident set of what was run, in kB.
        private static let measured = Manifold.Setting(within: [
            "/usr/bin/python3", "-c",
            """
            import resource, subprocess, sys
            status = subprocess.call(sys.argv[1:])
            print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
            sys.exit(status)
            """,
        ])

        /// What transfers may need besides the program itself, whose size depends on how it was built; in kB.
        private static let allowance = 50_000

        private static func peak(_ arguments: [String], with manifold: Manifold) async throws -> Int {
            let result = try await manifold.run(arguments, measured)
            try #require(result.succeeded, result.comment)
            return try #require(result.output.split(separator: "\n").last.flatMap { Int($0) }, result.comment)
        }

        @Test("300 MB are sent to two places, fetched into a layout and into the store in the memory that little needs")
        func bounded() async throws {
            try await Manifold.with { manifold in
                let image = manifold.path("image")
                let made = try await ChildProcess.run("sh", ["-c", Self.layout, "layout", image.string])
                try #require(made.succeeded, made.comment)
                let host = try SharedRegistry.host
                let places = ["docker://\(host)/memory/one:1", "docker://\(host)/memory/two:1"]
                func peak(_ arguments: String...) async throws -> Int {
                    try await Self.peak(["copy", "--quiet"] + arguments, with: manifold)
                }
                let sent = try await peak("oci:\(image):1", places[0], places[1])
                let unchanged = try await peak("oci:\(image):1", places[0], places[1])
                let fetched = try await peak(places[0], "oci:\(manifold.path("copy")):1")
                let stored = try await peak(places[0], "store:memory:1")
                #expect(sent < unchanged + Self.allowance, "\(sent) kB, and \(unchanged) kB for nothing to send")
                #expect(fetched < unchanged + Self.allowance, "\(fetched) kB, and \(unchanged) kB for nothing to send")
                #expect(stored < unchanged + Self.allowance, "\(stored) kB, and \(unchanged) kB for nothing to send")
            }
        }
    }
}
