// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import TestSupport
import Testing
import sandbox_probe

@Suite("What a sandbox says when it cannot start its program")
struct FailureTests {
    static let failures: [(arguments: [String], error: String)] = [
        (["/nowhere"], "program /nowhere not found in the image"),
        (["nowhere"], "program nowhere not found in the image"),
        (["/etc/noexec"], "program /etc/noexec may not be executed"),
        (["/etc/script"], "program /etc/script is there, but its interpreter /bin/bash is not in the image"),
        (["/etc/text"], "exec format error: /etc/text is not a program"),
        (["/etc/foreign"], "exec format error: /etc/foreign is a program for s390x"),
        (["/bin"], "program /bin may not be executed"),
        ([], "there is no program to run"),
        (["a\0b"], "has a NUL byte"),
    ]

    @Test("the program, its interpreter or its format", arguments: failures)
    func program(arguments: [String], error: String) async throws {
        let directory = try ProbeDirectory()
        let layer = try await directory.layer(
            "files",
            """
            mkdir etc; cd etc; echo '#!/bin/bash' >script; echo text >text; echo x >noexec
            chmod 755 script text; chmod 644 noexec
            printf '\\177ELF\\2\\2\\1\\0\\0\\0\\0\\0\\0\\0\\0\\0\\0\\2\\0\\26%0100d' 0 >foreign; chmod 755 foreign
            """)
        var request = try await directory.request("", layers: [layer])
        request.arguments = arguments
        let result = try await directory.run(request)
        #expect(result.error?.contains(error) == true, "\(result.error ?? "no error")")
        #expect(result.leakedDescriptors == 0)
    }

    @Test("a working directory that is not there")
    func workingDirectory() async throws {
        let directory = try ProbeDirectory()
        var request = try await directory.request("true")
        request.workingDirectory = "/no/where"
        let result = try await directory.run(request)
        #expect(result.error == "working directory /no/where cannot be entered: No such file or directory")
    }

    @Test("a mount whose source is not there")
    func mountSource() async throws {
        let directory = try ProbeDirectory()
        var request = try await directory.request("true")
        request.mounts = [.init("file", source: "/no/where", target: "/x")]
        let result = try await directory.run(request)
        #expect(
            result.error
                == "mount of /no/where at /x in the new root failed, its source cannot be opened: "
                + "No such file or directory"
        )
    }

    @Test("an id that the user does not have")
    func unmappedUser() async throws {
        let directory = try ProbeDirectory()
        var request = try await directory.request("true")
        request.user = "70000:70000"
        let result = try await directory.run(request, as: .ordinaryUser)
        #expect(result.error?.contains("70000") == true)
        #expect(result.remedy?.contains("/etc/subuid") == true)
    }
}
