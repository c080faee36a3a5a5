// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import Sandbox
import Testing

@Suite("Users and groups of an image")
struct UserDatabaseTests {
    static let database = UserDatabase(
        passwd: """
            root:x:0:0:root:/root:/bin/bash
            # a comment
            broken
            app:x:1000:100:App:/home/app:/bin/sh
            1234:x:77:78::/named:/bin/sh\r
            bad:x:abc:0::/:/bin/sh
            homeless:x:5:6
            """,
        group: """
            root:x:0:
            users:x:100:
            video:x:44:app,other
            audio:x:29:other,app
            55:x:56:
            """)

    static let users: [(text: String, identity: UserIdentity)] = [
        ("", UserIdentity(uid: 0, gid: 0, home: "/root")),
        ("root", UserIdentity(uid: 0, gid: 0, home: "/root")),
        ("app", UserIdentity(uid: 1000, gid: 100, groups: [44, 29], home: "/home/app")),
        ("1000", UserIdentity(uid: 1000, gid: 100, groups: [44, 29], home: "/home/app")),
        ("app:video", UserIdentity(uid: 1000, gid: 44, home: "/home/app")),
        ("app:9", UserIdentity(uid: 1000, gid: 9, home: "/home/app")),
        ("app:", UserIdentity(uid: 1000, gid: 100, groups: [44, 29], home: "/home/app")),
        ("4242", UserIdentity(uid: 4242, gid: 0)),
        ("4242:4243", UserIdentity(uid: 4242, gid: 4243)),
        ("1234", UserIdentity(uid: 77, gid: 78, home: "/named")),
        ("app:55", UserIdentity(uid: 1000, gid: 56, home: "/home/app")),
        ("homeless", UserIdentity(uid: 5, gid: 6)),
    ]

    @Test("USER finds user, group, supplementary groups and home", arguments: users)
    func identity(text: String, identity: UserIdentity) throws {
        #expect(try Self.database.identity(text) == identity)
    }

    @Test(
        "names that the image does not know are errors",
        arguments: ["nobody", "app:nogroup", "-1", "4294967296", "4294967295", "bad"])
    func unknown(text: String) {
        #expect(throws: SandboxError.self) { try Self.database.identity(text) }
    }

    static let owners: [(text: String, uid: UInt32, gid: UInt32)] = [
        ("app", 1000, 100), ("1000", 1000, 1000), ("55", 55, 55), ("55:audio", 55, 29), ("app:0", 1000, 0),
        (":44", 0, 44),
    ]

    @Test("--chown takes a number without a group for both", arguments: owners)
    func owner(text: String, uid: UInt32, gid: UInt32) throws {
        let owner = try Self.database.owner(text)
        #expect(owner.uid == uid)
        #expect(owner.gid == gid)
    }

    @Test("without the files there is root, and numbers")
    func empty() throws {
        let database = UserDatabase(passwd: "", group: "")
        #expect(try database.identity("") == .root)
        #expect(try database.identity("7:8") == UserIdentity(uid: 7, gid: 8))
        #expect(throws: SandboxError.unknownUser("root")) { try database.identity("root") }
    }
}
