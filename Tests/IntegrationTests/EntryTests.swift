// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import SystemPackage
import TestSupport
import Testing

extension Program {
    @Suite("Where there can be no user namespace")
    struct EntryTests {
        @Test("a user without subordinate ids is told how to get them", .requiresRoot("it hides /etc/subuid"))
        func noSubordinateIDs() async throws {
            try await Manifold.with(.root) { manifold in
                let context = try manifold.context("FROM scratch\nLABEL a=1\n")
                // A user whom neither file knows; the root of this namespace drops to it.
                let setting = Manifold.Setting(
                    around: ["setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups"])
                let result = try await manifold.run(["build", context.string], setting)
                #expect(result.status == .exited(1), result.comment)
                #expect(result.errorOutput.contains("usermod --add-subuids"), result.comment)
                #expect(result.errorOutput.contains("nobody"), result.comment)
            }
        }

        @Test("where user namespaces are forbidden, that is said")
        func forbidden() async throws {
            try await Manifold.with { manifold in
                let context = try manifold.context("FROM scratch\nLABEL a=1\n")
                // The limit of a namespace holds for what is below it.
                let limit = "echo 0 > /proc/sys/user/max_user_namespaces && exec \"$@\""
                let setting = Manifold.Setting(
                    within: ["unshare", "--user", "--map-root-user", "--map-auto", "sh", "-c", limit, "sh"])
                let result = try await manifold.run(["build", context.string], setting)
                #expect(result.status == .exited(1), result.comment)
                #expect(result.errorOutput.contains("user namespaces"), result.comment)
                #expect(result.errorOutput.contains("max_user_namespaces"), result.comment)
            }
        }
    }
}
