// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import SystemPackage
import TestSupport
import Testing

extension Program {
    @Suite("Every architecture that Debian has")
    struct ArchitectureTests {
        private static let machines = [
            "linux/amd64": "x86_64", "linux/arm64": "aarch64", "linux/arm/v7": "armv7l", "linux/arm/v5": "armv5tel",
            "linux/386": "i686", "linux/mips64le": "mips64", "linux/ppc64le": "ppc64le", "linux/s390x": "s390x",
        ]

        @Test("real Debian images are run, tested and audited on all of them, in one build")
        func debian() async throws {
            try await Manifold.with { manifold in
                try await BaseImages.push("debian", to: SharedRegistry.registry)
                let context = try manifold.context(
                    """
                    ARG BASE
                    FROM $BASE
                    ARG TARGETUNAME TARGETDEBIAN
                    RUN uname -m && cat /etc/debian_version >/dev/null && echo $TARGETUNAME $TARGETDEBIAN
                    COPY --chmod=755 app /usr/local/bin/app
                    CMD ["app"]
                    """, files: ["app": "#!/bin/sh\nexec uname -m\n"])
                let log = try await manifold.build(
                    ["--build-arg", "BASE=\(try SharedRegistry.host)/debian"]
                        + ["--platform", Self.machines.keys.sorted().joined(separator: ",")]
                        + ["--audit=error", "--audit-allow", "/usr/sbin/*", "--test", "app", "-t", "machines:1"],
                    context)
                try #require(log.succeeded, log.comment)
                for (platform, machine) in Self.machines {
                    let lines = log.output(of: platform)
                    #expect(lines.first == machine, "\(platform): \(lines)")
                    #expect(lines.dropFirst().first?.hasPrefix("\(machine) ") == true, "\(platform): \(lines)")
                    #expect(lines.last == machine, "\(platform): \(lines)")
                }
                let images = log.events.last { $0["event"].string == "completed" }?["images"].array ?? []
                #expect(images.count == Self.machines.count)
                #expect(images.allSatisfy { $0["passedTests"] == .number(1) }, log.comment)
            }
        }
    }
}
