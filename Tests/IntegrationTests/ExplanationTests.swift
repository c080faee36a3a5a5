// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import TestSupport
import Testing

extension Program {
    @Suite("What is said of a RUN step that failed")
    struct ExplanationTests {
        /// Makes the header of a program for s390x.
        static let foreign = #"printf '\177ELF\2\2\1\0\0\0\0\0\0\0\0\0\0\2\0\26%0100d' 0 >/x && chmod +x /x"#

        /// Instructions, the platform, the word for the cause, and words of the sentence.
        static let steps: [(String, String, String, String)] = [
            (
                "RUN printf '#!/bin/bash\\necho' >/x && chmod +x /x && /x", "linux/amd64", "missing-interpreter",
                "/x is a script for /bin/bash, which is not in the image"
            ),
            (
                "RUN printf '#!/bin/sh\\r\\necho\\r\\n' >/x && chmod +x /x && /x", "linux/arm64", "windows-line-ends",
                "/x has the line ends of Windows"
            ),
            (
                "RUN \(foreign) && cd / && ./x", "linux/amd64", "foreign-program",
                "/x is an s390x program for linux/s390x, which linux/amd64 does not run"
            ),
            (
                "RUN \(foreign)\nRUN [\"/x\"]", "linux/arm64", "foreign-program",
                "/x is an s390x program for linux/s390x"
            ),
            ("RUN : >/x && chmod +x /x\nRUN [\"/x\"]", "linux/amd64", "damaged-program", "/x is empty"),
            (
                "RUN printf '#!/bin/sh' >/x && /x", "linux/amd64", "no-permission", "/x is not executable"
            ),
            ("RUN kill -SEGV $$", "linux/arm64", "emulated-signal", "SIGSEGV (signal 11) under qemu-aarch64 7."),
            ("RUN kill -KILL $$", "linux/amd64", "killed", "SIGKILL"),
            ("RUN QEMU_CPU=banana /bin/uname", "linux/arm64", "unknown-processor", "banana"),
            ("RUN dd if=/dev/zero of=/dev/shm/x bs=1M count=100", "linux/amd64", "disk-full", "/dev/shm"),
        ]

        @Test("the cause, at the step and in the events", arguments: steps)
        func step(instructions: String, platform: String, cause: String, words: String) async throws {
            try await Manifold.with { manifold in
                let log = try await Program.build(
                    Program.dockerfile(instructions), platforms: platform, with: manifold)
                #expect(!log.succeeded)
                #expect(log.message.contains(words), log.comment)
                let error = log.events.last { $0["event"] == "error" }
                #expect(error?["cause"].string == cause, log.comment)
                #expect(error?["remedy"].string?.isEmpty == false, log.comment)
            }
        }
    }
}
