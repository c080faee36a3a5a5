// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import FoundationEssentials
import SystemPackage
import TestSupport
import Testing

extension Program {
    @Suite("manifold emulators import and forget, --qemu-version")
    struct EmulatorImportTests {
        /// Small programs that say what emulators say of themselves: of two versions.
        private static let made = """
            "$2" "$1/probes"; cd "$1"; mkdir -p other/bin; number=7.2.22; new=9.2.22
            stub() { { cat "probes/probe-$(uname -m)"; printf 'qemu-%s version %s (test)\\n' "$1" "$2"; } >"$3"; chmod 755 "$3"; }
            for t in arm aarch64; do stub $t $new other/bin/qemu-$t; done
            cp /usr/bin/env other/bin/qemu-dynamic
            { cat probes/probe-sparc64; printf 'qemu-arm version 5.2.0\\n'; } >other/bin/qemu-foreign
            stub s390x $number x86_64_qemu-s390x-static
            tar -czf s390x.tar.gz x86_64_qemu-s390x-static; tar -cJf other.tar.xz other
            mkdir -p package/DEBIAN package/usr/bin; cp other/bin/qemu-arm package/usr/bin/qemu-arm-static
            printf 'Package: q\\nVersion: 1\\nArchitecture: all\\nMaintainer: m\\nDescription: d\\n' >package/DEBIAN/control
            dpkg-deb --root-owner-group -b package q.deb >/dev/null
            chmod -R a+rX .; echo "$number $new"
            """

        private static func withFiles(
            _ body: (Manifold, _ number: String, _ new: String) async throws -> Void
        ) async throws {
            try await Manifold.with { manifold in
                let result = try await ChildProcess.run(
                    "sh",
                    [
                        "-euc", made, "sh", manifold.directory.string,
                        Manifold.repository.appending("scripts/make-probes").string,
                    ])
                try #require(result.succeeded, result.comment)
                let words = result.output.split(whereSeparator: \.isWhitespace).map(String.init)
                try await body(manifold, words[0], words[1])
            }
        }

        @Test("from a tar archive, a package, a directory and a single file; what cannot be used is left out and named")
        func files() async throws {
            try await Self.withFiles { manifold, number, new in
                func take(_ name: String) async throws -> ChildProcess.Result {
                    try await manifold.run(["emulators", "import", manifold.path(name).string])
                }
                let tarball = try await take("s390x.tar.gz")
                #expect(
                    tarball.succeeded && tarball.output.hasPrefix("linux/s390x: qemu-s390x \(number)"), tarball.comment)
                let again = try await take("x86_64_qemu-s390x-static")
                #expect(again.succeeded && again.output.contains("was there already"), again.comment)
                let other = try await take("other.tar.xz")
                #expect(other.output.components(separatedBy: " \(new)").count == 3, other.comment)
                #expect(other.errorOutput.contains("other/bin/qemu-dynamic is no user emulator"), other.comment)
                #expect(other.errorOutput.contains("other/bin/qemu-foreign is a program for sparc64"), other.comment)
                for name in ["other", "q.deb"] {
                    let again = try await take(name)
                    #expect(again.succeeded && again.output.contains("was there already"), again.comment)
                }
                let nothing = try await take("package/DEBIAN/control")
                #expect(
                    nothing.status == .exited(1) && nothing.errorOutput.contains("neither a program"), nothing.comment)

                let list = try await manifold.run(["emulators", "list", "--platform", "arm64"])
                #expect(list.succeeded && list.output.contains("\(new) imported"), list.comment)
                let gone = try await manifold.run(["emulators", "forget", new])
                #expect(gone.succeeded && gone.output.components(separatedBy: "removed").count == 3, gone.comment)
                let missing = try await manifold.run(["emulators", "forget", new])
                #expect(missing.status == .exited(1))
            }
        }

        @Test("from the layers of an image in a layout, the store or an archive, as they cover each other")
        func images() async throws {
            try await Self.withFiles { manifold, number, new in
                let context = try manifold.context(
                    "FROM scratch\nCOPY other/bin/ /usr/bin/\nCOPY x86_64_qemu-s390x-static /usr/bin/qemu-s390x\n"
                        + "COPY empty /usr/bin/qemu-arm\n", files: ["empty": ""])
                for name in ["other", "x86_64_qemu-s390x-static"] {
                    _ = try await ChildProcess.run("cp", ["-r", manifold.path(name).string, context.string])
                }
                for output in [
                    ["--output", "type=oci,dest=\(manifold.path("layout"))/"],
                    ["--output", "type=docker,dest=\(manifold.path("image.tar"))"], ["--tag", "example.org/binfmt:1"],
                ] {
                    let built = try await manifold.build(output + ["--audit", "off"], context)
                    try #require(built.succeeded, built.comment)
                }
                for place in ["layout", "image.tar", "store:example.org/binfmt:1"] {
                    let place = place.contains(":") ? place : manifold.path(place).string
                    let result = try await manifold.run(["emulators", "import", "--name", "mine", place])
                    #expect(result.succeeded, result.comment)
                    #expect(result.output.contains("linux/arm64: qemu-aarch64 \(new)"), result.comment)
                    #expect(result.output.contains("linux/s390x: qemu-s390x \(number)"), result.comment)
                    #expect(!result.output.contains("linux/arm/v7"), result.comment)
                    #expect(result.errorOutput.contains("usr/bin/qemu-arm is no program"), result.comment)
                }
            }
        }

        @Test("a build takes the version that is asked for, checked against its digest; an unknown one is an error")
        func versions() async throws {
            try await Manifold.with { manifold in
                // Another version of a real emulator: one digit is different.
                let made = try await ChildProcess.run(
                    "sh",
                    [
                        "-euc",
                        """
                        number=$(qemu-aarch64-static --version | sed -n 's/.*version \\([0-9.]*\\).*/\\1/p'); new=9${number#?}
                        LC_ALL=C sed "s/qemu-aarch64 version $number/qemu-aarch64 version $new/" /usr/bin/qemu-aarch64-static >"$1/qemu-x"
                        chmod 755 "$1/qemu-x"; echo "$number $new"
                        """, "sh", manifold.directory.string,
                    ])
                let words = made.output.split(whereSeparator: \.isWhitespace).map(String.init)
                try #require(made.succeeded && words.count == 2, made.comment)
                let (number, new) = (words[0], words[1])
                let imported = try await manifold.run(
                    ["emulators", "import", "--name", "mine", manifold.path("qemu-x").string])
                try #require(imported.succeeded, imported.comment)
                let context = try manifold.context(Program.dockerfile("RUN uname -m"))
                func build(_ arguments: String...) async throws -> BuildLog {
                    try await manifold.build(
                        try Program.busybox + ["--platform", "linux/arm64", "--no-cache"] + arguments, context)
                }
                let chosen = try await build("--qemu-version", "linux/arm64=\(new)")
                #expect(chosen.succeeded, chosen.comment)
                let unknown = try await build("--qemu-version", "aarch64=1.0")
                #expect(!unknown.succeeded && unknown.comment.rawValue.contains("linux/arm64 is of version 1.0"))
                #expect(
                    unknown.comment.rawValue.contains("there are \(number), ")
                        && unknown.comment.rawValue.contains(", mine"), unknown.comment)

                let list = try await manifold.run(
                    ["emulators", "list", "--platform", "arm64", "--qemu-version", "mine", "--json"])
                let first = try JSONValue(parsing: list.stdout)[0]
                #expect(first["works"] == .bool(true) && first["emulators"][0]["name"] == "mine", list.comment)
                let none = try await manifold.run(["emulators", "list", "--platform", "arm64", "--qemu-version", "1.0"])
                #expect(none.status == .exited(1) && none.errorOutput.contains("is of version 1.0"), none.comment)

                // Which one really runs: the one that was damaged is noticed.
                let damaged = try await ChildProcess.run(
                    "sh", ["-ec", "for f in $1/emulators/*/qemu*; do printf x >>$f; done", "sh", manifold.store.string])
                #expect(damaged.succeeded, damaged.comment)
                let refused = try await build("--qemu-version", "mine")
                #expect(!refused.succeeded && refused.comment.rawValue.contains("is not what it was"), refused.comment)
                let fine = try await build("--qemu-version", "linux/s390x=1.0", "--qemu-version", number)
                #expect(fine.succeeded, fine.comment)

                let pruned = try await manifold.run(["prune"])
                #expect(pruned.succeeded, pruned.comment)
                let kept = try await ChildProcess.run("ls", [manifold.store.appending("emulators").string])
                #expect(kept.output.split(separator: "\n").count == 1, "prune keeps what was imported")
            }
        }
    }
}
