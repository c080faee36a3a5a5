// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import HTTP
import Remote
import Testing

@Suite("What names something on the network")
struct RemoteSourceTests {
    struct Repository: Sendable, CustomTestStringConvertible {
        var text: String
        var remote: String
        var reference: String?
        var subdirectory: String?
        var testDescription: String { text }

        init(_ text: String, _ remote: String, _ reference: String? = nil, _ subdirectory: String? = nil) {
            (self.text, self.remote, self.reference, self.subdirectory) = (text, remote, reference, subdirectory)
        }
    }

    @Test(
        "every form of a repository is told from a path",
        arguments: [
            Repository("https://h.example/o/r.git", "https://h.example/o/r.git"),
            Repository("http://h.example/o/r.git#main", "http://h.example/o/r.git", "main"),
            Repository("HTTPS://h.example/o/r.git", "https://h.example/o/r.git"),
            Repository("https://h.example/o/r.git#v1:sub/dir", "https://h.example/o/r.git", "v1", "sub/dir"),
            Repository("https://h.example/o/r.git#:sub", "https://h.example/o/r.git", nil, "sub"),
            Repository("https://u:p@h.example:8443/r.git", "https://u:p@h.example:8443/r.git"),
            Repository("git://h.example/r", "git://h.example/r"),
            Repository("ssh://git@h.example:22/r#b", "ssh://git@h.example:22/r", "b"),
            Repository("git@h.example:o/r.git", "git@h.example:o/r.git"),
            Repository("git@h.example:o/r#x/y:z", "git@h.example:o/r", "x/y", "z"),
            Repository("https://h.example/r.git?ref=a&subdir=b", "https://h.example/r.git", "a", "b"),
            Repository("https://h.example/r.git?tag=v1", "https://h.example/r.git", "refs/tags/v1"),
            Repository("https://h.example/r.git?branch=b%2Fc", "https://h.example/r.git", "refs/heads/b/c"),
            Repository("https://h.example/r.git?ref=a#a:d", "https://h.example/r.git", "a", "d"),
            Repository("git@h.example:r?tag=v1", "git@h.example:r", "refs/tags/v1"),
        ])
    func repositories(_ row: Repository) throws {
        guard case .git(let source) = try RemoteSource(row.text) else {
            Issue.record("not taken for a repository")
            return
        }
        #expect(source.remote == row.remote)
        #expect(source.reference == row.reference)
        #expect(source.subdirectory == row.subdirectory)
    }

    @Test(
        "paths stay paths",
        arguments: [
            "", "a", "./git@h:p", "../x.git", "/x.git", "a/b.git", "file:///x.git", "ftp://h/x", "C:/x", "git@h",
            "github.com/o/r", "a b@h:p", "$x@h:p",
        ])
    func paths(_ text: String) throws { #expect(try RemoteSource(text) == nil) }

    @Test("where shorthands are accepted, github.com/… is a repository")
    func shorthand() throws {
        guard case .git(let source) = try RemoteSource("github.com/o/r#main", shorthand: .accepted) else {
            Issue.record("not taken for a repository")
            return
        }
        #expect(source.remote == "https://github.com/o/r")
        #expect(source.reference == "main")
    }

    @Test(
        "what is no repository at a web address is a file",
        arguments: [
            ("https://h.example/a.tar.gz", "a.tar.gz"), ("http://h.example", "__unnamed__"),
            ("http://h.example/d/", "d"), ("http://h.example/a%20b?x=.git", "a b"), ("https://h.example/.git/x", "x"),
            ("http://h.example/a%2Fb", "b"), ("http://h.example/..", "__unnamed__"), ("http://[::1]:80/f#g", "f"),
        ])
    func files(_ text: String, _ name: String) throws {
        guard case .file(let url) = try RemoteSource(text) else {
            Issue.record("not taken for a file")
            return
        }
        #expect(url.fileName == name)
    }

    @Test("the options of a query are read")
    func queries() throws {
        let commit = String(repeating: "ab", count: 20)
        let text = "https://h.example/r.git?checksum=\(commit)&keep-git-dir&submodules=false&mtime=checkout"
        guard case .git(let source) = try RemoteSource(text) else {
            Issue.record("not taken for a repository")
            return
        }
        #expect(source.checksum == commit && source.reference == commit)
        #expect(source.keepsGitDirectory == true && source.skipsSubmodules && source.modificationTime == .checkout)
    }

    @Test(
        "what cannot be understood is an error that says why",
        arguments: [
            ("https://h.example/r.git?x=1", "unexpected query \"x\""), ("https://h.example/r.git?ref=", "has no value"),
            ("https://h.example/r.git?ref=a&ref=a", "multiple values"),
            ("https://h.example/r.git?ref=a#b", "ref conflicts"),
            ("https://h.example/r.git?tag=a&branch=b", "branch conflicts with tag"),
            ("https://h.example/r.git?keep-git-dir=perhaps", "invalid keep-git-dir value"),
            ("https://h.example/r.git?mtime=now", "invalid mtime value"), ("https://h.example/r.git#-x", "dash"),
            ("git@-x:p", "dash"), ("git@h.example:a b", "blanks"), ("http://", "no well-formed"),
            ("http://h:99999/x", "no well-formed"), ("ssh://", "host is missing"),
        ])
    func malformed(_ text: String, _ words: String) {
        let error = #expect(throws: RemoteError.self) { try RemoteSource(text) }
        #expect(error?.description.contains(words) == true, "\(String(describing: error))")
    }

    @Test(
        "passwords do not show in errors",
        arguments: [
            "https://u:secret@h.example/r.git?x=1", "https://u:sec/ret@h.example/f", "https://u:secret@h.example:x/f",
        ])
    func redactedErrors(_ text: String) {
        let error = #expect(throws: RemoteError.self) { try RemoteSource(text) }
        #expect(error?.description.contains("u:xxxxx@h.example") == true, "\(String(describing: error))")
        #expect(error?.description.contains("ret@") == false)
    }

    @Test("passwords do not show")
    func redaction() throws {
        for text in ["https://u:secret@h.example/r.git", "https://u:secret@h.example/file"] {
            let source = try #require(try RemoteSource(text))
            #expect(!source.redacted.contains("secret") && source.redacted.contains("u:xxxxx@h.example"))
        }
    }
}
