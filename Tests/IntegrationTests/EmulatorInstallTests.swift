// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import FoundationEssentials
import Glibc
import SystemPackage
import TestSupport
import Testing

extension Program {
    /// The host is a directory, and its list of handlers is that of a user namespace: the machine's is never touched.
    @Suite("manifold emulators install and remove")
    struct EmulatorInstallTests {
        private struct Host {
            let manifold: Manifold
            var root: FilePath { manifold.path("host") }

            init(_ manifold: Manifold, systemd: Bool = true) throws {
                self.manifold = manifold
                for folder in ["proc/sys/fs/binfmt_misc", "etc", systemd ? "run/systemd/system" : "run"] {
                    try FileManager.default.createDirectory(
                        atPath: root.pushing(FilePath(folder)).string, withIntermediateDirectories: true)
                }
                for path in ["", "proc/sys/fs/binfmt_misc", "etc", "run"] {
                    chmod(root.pushing(FilePath(path)).string, 0o777)
                }
            }

            /// Runs a script as root of the namespace; `$host` is the directory, `$list` where the list is, and
            /// `emulators` the command.
            func run(_ script: String) async throws -> ChildProcess.Result {
                let words = """
                    host=\(root); list=$host/proc/sys/fs/binfmt_misc; me=$1
                    emulators() { verb=$1; shift; "$me" emulators "$verb" --system-root "$host" "$@"; }
                    \(script)
                    """
                return try await ChildProcess.run(
                    "unshare",
                    ["--user", "--map-root-user", "--mount", "sh", "-uc", words, "sh", Manifold.program.string],
                    environment: [
                        "PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "HOME": manifold.directory.string,
                        "MANIFOLD_ROOT": manifold.store.string,
                    ])
            }

            func text(_ path: String) throws -> String { try manifold.text(of: root.pushing(FilePath(path))) }
        }

        @Test("entries are made with F, work, are kept when all is well, and only ours are removed")
        func install() async throws {
            try await Manifold.with(.root) { manifold in
                let host = try Host(manifold)
                let result = try await host.run(
                    """
                    emulators install arm64 linux/microblaze || exit 3
                    echo; cat $list/manifold-aarch64; ls $list
                    printf ':theirs:E::foo::/bin/true:\\n' >$list/register
                    echo; emulators install arm64 || exit 4
                    echo; emulators remove || exit 5
                    ls $list
                    """)
                #expect(result.succeeded, result.comment)
                let parts = result.output.components(separatedBy: "\n\n")
                try #require(parts.count == 4, result.comment)
                #expect(parts[0].contains("linux/arm64: manifold-aarch64 (POF, /usr/bin/qemu-aarch64-static"))
                #expect(parts[0].contains("was registered and works"))
                #expect(
                    parts[1].contains("flags: POF") && parts[1].contains("manifold-microblaze-47787"), result.comment)
                #expect(parts[2].contains("was there already and works"), result.comment)
                #expect(parts[3].contains("removed manifold-aarch64"), result.comment)
                #expect(parts[3].hasSuffix("register\nstatus\ntheirs\n"), result.comment)
            }
        }

        @Test("entries that are disabled, wrong or run a QEMU that was replaced are mended, and it is said why")
        func repair() async throws {
            try await Manifold.with(.root) { manifold in
                let host = try Host(manifold)
                let result = try await host.run(
                    """
                    mkdir $host/qemu; cp /usr/bin/qemu-aarch64-static $host/qemu/
                    run() { emulators install --qemu-dir $host/qemu arm64 || exit 3; }
                    run >/dev/null
                    echo 0 >$list/manifold-aarch64; run
                    cp /usr/bin/qemu-aarch64-static $host/qemu/new; mv $host/qemu/new $host/qemu/qemu-aarch64-static; run
                    emulators install --qemu-dir $host/qemu --credentials arm64 || exit 4
                    echo 0 >$list/status; emulators install --qemu-dir $host/qemu --credentials arm64 || exit 5
                    emulators install --reset arm64 || exit 6
                    """)
                let lines = result.output.split(separator: "\n")
                try #require(result.succeeded && lines.count == 6, result.comment)
                #expect(lines[0].contains("registered again, since it was disabled"))
                #expect(lines[1].contains("registered again, since it ran a QEMU") && lines[1].contains("no more"))
                #expect(lines[2].contains("since its flags were POF") && lines[2].contains("(POCF"))
                #expect(lines[3].contains("was there already"))
                #expect(lines[4] == "removed manifold-aarch64" && lines[5].contains("/usr/bin/qemu-aarch64-static"))
            }
        }

        @Test("what somebody else has registered and works is left alone; what does not work there is not")
        func othersEntries() async throws {
            try await Manifold.with(.root) { manifold in
                let host = try Host(manifold)
                let result = try await host.run(
                    """
                    emulators install --print-only s390x | tail -1 | sed 's/manifold-s390x/qemu-s390x/' >$host/line
                    mount -t binfmt_misc binfmt_misc $list
                    cat $host/line >$list/register; emulators install s390x || exit 3
                    echo -1 >$list/qemu-s390x
                    sed 's/:POF$/:P/' $host/line >$list/register; emulators install s390x || exit 4
                    """)
                let lines = result.output.split(separator: "\n")
                try #require(result.succeeded && lines.count == 2, result.comment)
                #expect(lines[0].contains("works already by qemu-s390x (POF, /usr/bin/qemu-s390x-static)"))
                #expect(lines[1].contains("manifold-s390x (POF"))
            }
        }

        @Test("an emulator that needs libraries, or is none, is refused, and the others are registered")
        func refused() async throws {
            try await Manifold.with(.root) { manifold in
                let host = try Host(manifold)
                let result = try await host.run(
                    """
                    mkdir $host/qemu; cp /usr/bin/env $host/qemu/qemu-aarch64-static
                    cp /usr/bin/qemu-arm-static $host/qemu/qemu-riscv64-static; cp /usr/bin/qemu-arm-static $host/qemu
                    emulators install --qemu-dir $host/qemu arm64 riscv64 arm; echo "status $?"; ls $list
                    """)
                #expect(result.output.contains("linux/arm/v7: manifold-arm ("), result.comment)
                #expect(result.output.hasSuffix("status 1\nmanifold-arm\nregister\nstatus\n"), result.comment)
                #expect(result.errorOutput.contains("linux/arm64 needs a static emulator"), result.comment)
                #expect(
                    result.errorOutput.contains("under the new handler manifold-riscv64 the probe ended with status"),
                    result.comment)
            }
        }

        @Test("with systemd the handlers are files of binfmt.d, which are made once and taken away again")
        func systemd() async throws {
            try await Manifold.with(.root) { manifold in
                let host = try Host(manifold)
                let result = try await host.run(
                    """
                    emulators install --persist arm64 i386 loong64; emulators install --persist arm64
                    echo; cat $host/etc/binfmt.d/manifold-aarch64.conf; find $host/etc; echo mine >$host/etc/binfmt.d/manifold-arm.conf
                    echo; emulators remove arm64; ls $host/etc/binfmt.d; emulators remove all; ls $host/etc/binfmt.d
                    echo; emulators install --persist arm; echo "status $?"
                    """)
                let parts = result.output.components(separatedBy: "\n\n")
                try #require(parts.count == 4, result.comment)
                #expect(parts[0].components(separatedBy: "wrote").count == 3, result.comment)
                #expect(parts[0].contains("linux/386: this machine runs such programs by itself"), result.comment)
                #expect(parts[1].hasPrefix("# Written by \"manifold"), result.comment)
                #expect(parts[1].contains(#":manifold-aarch64:M:0:\x7f\x45\x4c\x46"#) && !parts[1].contains("fstab"))
                #expect(
                    parts[2].contains("manifold-loongarch64.conf\nremoved") || parts[2].contains("manifold-arm.conf"))
                #expect(parts[2].hasSuffix("manifold-arm.conf"), result.comment)
                #expect(parts[3].hasSuffix("status 1\n") && result.errorOutput.contains("was not written by manifold"))
                #expect(try host.text("etc/binfmt.d/manifold-arm.conf") == "mine\n")
            }
        }

        @Test(
            "without systemd a line is added to fstab and a script written that registers the same, and all is undone")
        func plainInit() async throws {
            try await Manifold.with(.root) { manifold in
                let host = try Host(manifold, systemd: false)
                let result = try await host.run(
                    """
                    mkdir -p $host/etc/rc2.d $host/etc/rc3.d; printf '/dev/sda1 / ext4 defaults 0 1' >$host/etc/fstab
                    chmod 640 $host/etc/fstab; cp -p $host/etc/fstab $host/before
                    emulators install --persist arm64 arm >/dev/null || exit 3
                    emulators install --persist arm64 arm || exit 4
                    cat $host/etc/fstab; stat -c %a $host/etc/fstab; cat $host/etc/fstab.before-manifold; echo
                    for f in manifold-arm manifold-aarch64; do cp $list/$f $host/$f; echo -1 >$list/$f; done
                    script=$host/etc/rc3.d/S20manifold-emulators
                    sed -i "s|=/proc|=$host/proc|; s|/etc/binfmt.d|$host/etc/binfmt.d|" $(readlink -f $script)
                    sh -eu $script stop; ls $list
                    sh -eu $script start || exit 5; sh -eu $script start || exit 6
                    for f in manifold-arm manifold-aarch64; do cmp $list/$f $host/$f || exit 7; done
                    emulators remove arm || exit 8
                    [ -e $script ] || exit 9
                    emulators remove || exit 10
                    echo; cat $host/etc/fstab; find $host/etc -type f -o -type l | sort
                    """)
                try #require(result.succeeded, result.comment)
                let fstab = """
                    /dev/sda1 / ext4 defaults 0 1
                    # Written by "manifold emulators install"; "manifold emulators remove" removes it.
                    binfmt_misc /proc/sys/fs/binfmt_misc binfmt_misc nofail 0 0
                    640
                    /dev/sda1 / ext4 defaults 0 1
                    register
                    status

                    """
                #expect(result.output.contains(fstab), result.comment)
                #expect(
                    result.output.hasSuffix("\n/dev/sda1 / ext4 defaults 0 1\n\(host.root)/etc/fstab\n"), result.comment
                )
            }
        }

        @Test("a line for binfmt_misc that is there stays the only one; OpenRC gets its script")
        func openRC() async throws {
            try await Manifold.with(.root) { manifold in
                let host = try Host(manifold, systemd: false)
                let line = "none /proc/sys/fs/binfmt_misc binfmt_misc defaults 0 0\n"
                try manifold.write(line, to: host.root.appending("etc/fstab"))
                let result = try await host.run(
                    """
                    mkdir $host/etc/local.d; emulators install --persist arm64 || exit 3
                    cat $host/etc/fstab; ls -l $host/etc/local.d | grep -c '^-rwxr-xr-x.*manifold-emulators.start'
                    emulators remove >/dev/null; ls $host/etc/local.d; cat $host/etc/fstab
                    """)
                #expect(result.succeeded && result.output.hasSuffix(line + "1\n" + line), result.comment)
                #expect(result.errorOutput.contains("rc-update add local"), result.comment)
            }
        }

        @Test("installers at the same time take turns")
        func concurrent() async throws {
            try await Manifold.with(.root) { manifold in
                let host = try Host(manifold)
                let result = try await host.run(
                    """
                    for i in 1 2 3 4; do emulators install --persist arm64 riscv64 >$host/$i 2>&1 & pids="${pids:-} $!"; done
                    for p in $pids; do wait $p || exit 3; done
                    cat $host/1 $host/2 $host/3 $host/4; ls $list
                    """)
                #expect(result.succeeded, result.comment)
                #expect(result.output.components(separatedBy: "was registered and works").count == 3, result.comment)
                #expect(result.output.components(separatedBy: "was there already and works").count == 7, result.comment)
            }
        }

        @Test("who is not root is told the command; printing and exporting need no root")
        func ordinary() async throws {
            try await Manifold.with(.ordinary) { manifold in
                let refused = try await manifold.run(["emulators", "install", "arm64"])
                #expect(refused.status == .exited(1))
                #expect(refused.errorOutput.contains("run: sudo \(Manifold.program) emulators install arm64"))
                let printed = try await manifold.run(["emulators", "install", "--print-only", "--persist", "arm64"])
                #expect(printed.succeeded && printed.output.contains("/etc/binfmt.d/manifold-aarch64.conf"))
                let exported = try await manifold.run(
                    ["emulators", "install", "--export", manifold.path("conf").string, "all"])
                #expect(exported.succeeded, exported.comment)
                let names = try FileManager.default.contentsOfDirectory(atPath: manifold.path("conf").string)
                #expect(names.contains("manifold-aarch64.conf") && names.contains("manifold-s390x.conf"))
                #expect(!names.contains("manifold-ppc64abi32.conf"))
                let unknown = try await manifold.run(["emulators", "install", "--print-only", "vax"])
                #expect(unknown.status == .exited(1), unknown.comment)
            }
        }
    }
}
