// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import Host
import SystemPackage
import Testing

@Suite("The distribution of a machine")
struct DistributionTests {
    static let releases: [(text: String, family: Distribution.Family, emulators: String?)] = [
        ("ID=debian\nPRETTY_NAME=\"Debian GNU/Linux 12\"", .debian, "sudo apt install qemu-user-static"),
        ("ID=linuxmint\nID_LIKE=\"ubuntu debian\"", .debian, "sudo apt install qemu-user-static"),
        ("ID=fedora", .fedora, "sudo dnf install qemu-user-static"),
        ("ID=\"rocky\"\nID_LIKE=\"rhel centos fedora\"", .enterprise, nil),
        ("ID=arch", .arch, "sudo pacman -S qemu-user-static qemu-user-static-binfmt"),
        ("ID=alpine", .alpine, "sudo apk add qemu-aarch64 qemu-arm"),
        ("ID='opensuse-tumbleweed'\nID_LIKE=\"opensuse suse\"", .suse, "sudo zypper install qemu-linux-user"),
        ("ID=nixos", .unknown, nil), ("", .unknown, nil), ("=\n==\nID", .unknown, nil),
    ]

    @Test("what os-release says, and the packages that it means", arguments: releases)
    func family(text: String, family: Distribution.Family, emulators: String?) {
        let distribution = Distribution(osRelease: text)
        #expect(distribution.family == family)
        #expect(distribution.installation(of: .emulators(["aarch64", "arm"])) == emulators)
        #expect((distribution.installation(of: .idMaps) == nil) == (family == .unknown))
    }

    @Test("who has no sudo becomes root in another way")
    func privilege() {
        #expect(
            Distribution(osRelease: "ID=alpine", privilege: "doas").installation(of: .idMaps)
                == "doas apk add shadow-uidmap")
        #expect(Distribution(osRelease: "ID=arch").forRoot.installation(of: .git) == "pacman -S git")
        #expect(
            Distribution(osRelease: "ID=debian", privilege: nil).installation(of: .idMaps)
                == "su -c 'apt install uidmap'"
        )
    }

    @Test("a root directory without the file is of no known distribution")
    func missing() {
        #expect(Distribution(root: "/nowhere").family == .unknown)
        #expect(Distribution(root: "/nowhere").name == "Linux")
    }
}
