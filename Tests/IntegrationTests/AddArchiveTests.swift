// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import FoundationEssentials
import SystemPackage
import TestSupport
import Testing

extension Program {
    @Suite("ADD of archives")
    struct AddArchiveTests {
        /// Runs a shell script in a directory of the context.
        private func prepare(_ script: String, in context: FilePath) async throws {
            let result = try await ChildProcess.run(
                "bash", ["-euc", script], environment: ["PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C.UTF-8"],
                workingDirectory: context)
            try #require(result.succeeded, result.comment)
        }

        private func entries(_ manifold: Manifold, _ name: String = "out", fromTop: Int = 0) async throws -> [String] {
            let image = try ImageLayout(manifold.path(name)).image("linux/amd64")
            return try await ImageLayout.entries(of: try #require(image.layers.dropLast(fromTop).last))
        }

        @Test("every compression is told by content, and gives what tar itself unpacks")
        func compressions() async throws {
            try await Manifold.with { manifold in
                let context = try manifold.context("FROM scratch\nADD plain /a/\nADD gz /b\nADD bz2 xz zst /c/\n")
                try await prepare(
                    """
                    mkdir -p t/dir t/link.d; echo one > t/dir/one; chmod 4751 t/dir/one; ln t/dir/one t/hard
                    ln -s ../etc/passwd t/soft; mkfifo t/fifo; truncate -s 5M t/sparse; echo end >> t/sparse
                    long=$(printf 'x%.0s' {1..180}); echo l > t/$long
                    tar --sparse --owner=7 --group=8 --numeric-owner --mtime=@1000000 -cf plain -C t .
                    gzip -c < plain > gz; bzip2 -c < plain > bz2; xz -c < plain > xz; zstd -qc < plain > zst
                    rm -r t
                    """, in: context)
                let log = try await manifold.build(
                    ["--platform", "linux/amd64"] + Program.layout(manifold), context)
                try #require(log.succeeded, log.comment)
                var listings: [[String]] = []
                for (folder, fromTop) in [("a", 2), ("b", 1), ("c", 0)] {
                    let found = try await entries(manifold, fromTop: fromTop)
                    #expect(found.contains("drwxr-xr-x 0/0 \(folder)/"), "\(found)")
                    #expect(found.contains("-rwsr-x--x 7/8 \(folder)/dir/one"), "\(found)")
                    #expect(found.contains("hrwsr-x--x 7/8 \(folder)/hard link to \(folder)/dir/one"), "\(found)")
                    #expect(found.contains("lrwxrwxrwx 7/8 \(folder)/soft -> ../etc/passwd"), "\(found)")
                    #expect(found.contains { $0.hasPrefix("p") && $0.hasSuffix("\(folder)/fifo") }, "\(found)")
                    #expect(found.contains { $0.contains(String(repeating: "x", count: 180)) }, "\(found)")
                    listings.append(found.map { $0.replacing(" \(folder)/", with: " ") })
                    let layer = try ImageLayout(manifold.path("out")).image("linux/amd64").layers.dropLast(fromTop).last
                    let sparse = try await ImageLayout.content(of: "\(folder)/sparse", in: try #require(layer))
                    #expect(sparse.count == 5 << 20 + 4 && sparse.suffix(4) == Array("end\n".utf8)[...])
                }
                #expect(Set(listings).count == 1)
                let again = try await manifold.build(["--platform", "linux/amd64"] + Program.layout(manifold), context)
                #expect(again.outcomes(of: "ADD") == ["cached", "cached", "cached"], again.comment)
            }
        }

        @Test("--unpack=false, other files, --chown, --chmod, --exclude and wildcards do what they do for BuildKit")
        func flags() async throws {
            try await Manifold.with { manifold in
                let context = try manifold.context(
                    """
                    FROM scratch
                    ADD --unpack=false a.tar /kept/
                    ADD --chown=5:6 --chmod=700 a.tar /owned/
                    ADD --exclude=b.tar *.tar note.txt.gz /some/

                    """)
                try await prepare(
                    """
                    echo a > a; echo b > b; chmod 640 a; tar --owner=1 --group=1 -cf a.tar a; tar -cf b.tar b
                    echo text > note.txt; gzip note.txt; rm a b
                    """, in: context)
                let log = try await manifold.build(["--platform", "linux/amd64"] + Program.layout(manifold), context)
                try #require(log.succeeded, log.comment)
                let kept = try await entries(manifold, fromTop: 2)
                #expect(kept.contains("-rw-r--r-- 0/0 kept/a.tar"), "\(kept)")
                let owned = try await entries(manifold, fromTop: 1)
                #expect(owned == ["drwxr-xr-x 5/6 owned/", "-rw-r----- 5/6 owned/a"], "\(owned)")
                let some = try await entries(manifold)
                #expect(
                    Set(some) == [
                        "drwxr-xr-x 0/0 some/", "-rw-r----- 1/1 some/a", "-rw-r--r-- 0/0 some/note.txt.gz",
                    ], "\(some)")
            }
        }

        @Test("links of the image are followed inside it, and what is in the way is replaced")
        func destinations() async throws {
            try await Manifold.with { manifold in
                let context = try manifold.context(
                    Program.dockerfile(
                        "RUN mkdir -p /real /full/of && ln -s /real /link && ln -s ../../../etc /up && touch /full/of/it",
                        "ADD a.tar /", "ADD b.tar /up/sub", "RUN find /real /full /etc/sub /dir | sort && cat /real/f"))
                try await prepare(
                    """
                    mkdir -p x/link x/dir; echo f > x/link/f; echo 1 > x/full; chmod 700 x/dir
                    tar -cf a.tar -C x link/f full dir; echo b > b; tar -cf b.tar b; rm -r x
                    """, in: context)
                let log = try await manifold.build(
                    try Program.busybox + ["--platform", "linux/amd64"] + Program.layout(manifold), context)
                try #require(log.succeeded, log.comment)
                #expect(
                    log.output(of: "linux/amd64") == [
                        "/dir", "/etc/sub", "/etc/sub/b", "/full", "/real", "/real/f", "f",
                    ],
                    log.comment)
            }
        }

        @Test("one layer serves all platforms, and is the same in an empty store")
        func sharing() async throws {
            try await Manifold.with { manifold in
                let context = try manifold.context(Program.dockerfile("ADD a.tar.gz /opt/"))
                try await prepare("mkdir d; seq 1000 > d/n; tar --mtime=@5 -czf a.tar.gz d; rm -r d", in: context)
                let platforms = ["--platform", "linux/amd64,linux/arm64"]
                let log = try await manifold.build(
                    try Program.busybox + platforms + Program.layout(manifold), context)
                try #require(log.succeeded, log.comment)
                let other = try await manifold.build(
                    try Program.busybox + platforms + Program.layout(manifold, "other"), context,
                    .environment(["MANIFOLD_ROOT": manifold.path("store2").string]))
                try #require(other.succeeded, other.comment)
                let layers = try ["out", "other"].flatMap { name in
                    try ["linux/amd64", "linux/arm64"].map {
                        try ImageLayout(manifold.path(name)).image($0).layerDigests.last
                    }
                }
                #expect(Set(layers).count == 1)
            }
        }

        @Test(
            "damaged and hostile archives are errors that say so, and touch nothing outside",
            arguments: [
                ("head -c 700 good.tar > bad.tar", "ends inside"),
                ("gzip -c good.tar | head -c 900 > bad.tar", "damaged"),
                ("tar -P --transform='s,^big,../../evil,' -cf bad.tar big", "leads out of the archive"),
                ("touch .wh.x; tar -cf bad.tar .wh.x", "whiteouts"),
                ("ln -s /tmp l; tar -cf bad.tar l; rm l; mkdir l; touch l/x; tar -rf bad.tar l/x", "beneath something"),
            ])
        func hostile(script: String, words: String) async throws {
            try await Manifold.with { manifold in
                let context = try manifold.context("FROM scratch\nADD bad.tar /x/\n")
                try await prepare(
                    "head -c 100000 /dev/urandom > big; tar -cf good.tar big; (\(script)) 2>/dev/null", in: context)
                let log = try await manifold.build(["--platform", "linux/amd64"] + Program.layout(manifold), context)
                #expect(log.result.status == .exited(1), log.comment)
                #expect(log.message.contains("line 2: ADD bad.tar /x/"), log.comment)
                #expect(log.message.contains(words), log.comment)
                #expect(!FileManager.default.fileExists(atPath: manifold.path("evil").string))
            }
        }

        @Test("absolute names and .. stay inside")
        func confined() async throws {
            try await Manifold.with { manifold in
                let context = try manifold.context("FROM scratch\nADD a.tar /x/\n")
                try await prepare(
                    "echo 1 > a; echo 2 > b; tar -P --transform='s,^a,/abs,' --transform='s,^b,d/../b,' -cf a.tar a b",
                    in: context)
                let log = try await manifold.build(["--platform", "linux/amd64"] + Program.layout(manifold), context)
                try #require(log.succeeded, log.comment)
                let found = try await entries(manifold)
                #expect(found == ["drwxr-xr-x 0/0 x/", "-rw-r--r-- 0/0 x/abs", "-rw-r--r-- 0/0 x/b"], "\(found)")
            }
        }
    }
}
