// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import Build
import Glibc
import Store
import SystemPackage
import Testing

@Suite("Build context")
struct ContextTests {
    @Test("a context deeper than a process may have open files is listed; one deeper than any path is an error")
    func deep() throws {
        let root = FilePath("/tmp/manifold-context-\(UInt64.random(in: 0 ... .max))")
        defer { try? Files.removeTree(root) }
        try Files.makeDirectories(root.appending("context"))
        #expect(symlink("context", root.appending("link").string) == 0)
        var current = open(root.appending("context").string, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        defer { close(current) }
        func deepen(by levels: Int, _ name: String) {
            for _ in 0..<levels {
                _ = mkdirat(current, name, 0o700)
                let next = openat(current, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
                close(current)
                current = next
            }
        }
        // More than the usual limit of 1,024 descriptors.
        deepen(by: 1_100, "d")
        close(openat(current, "f", O_WRONLY | O_CREAT | O_CLOEXEC, 0o600))
        // A link to a directory is listed as a link: what it leads to is not walked.
        #expect(symlinkat(root.string, current, "out") == 0)
        #expect(try BuildContext(ContextDirectory(root.appending("link")), ignore: nil).count == 1_102)
        deepen(by: 20, String(repeating: "d", count: 250))
        #expect(throws: (any Error).self) { try BuildContext(ContextDirectory(root.appending("context")), ignore: nil) }
    }
}
