// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import FoundationEssentials
import Remote
import SystemPackage
import TestSupport
import Testing

@Suite("Git repositories")
struct GitClientTests {
    private let client = GitClient(environment: ["PATH": "/usr/bin:/bin"])

    private func checkOut(
        _ text: String, keepsGitDirectory: Bool = false, client: GitClient? = nil,
        _ body: (FilePath, ResolvedGitSource) async throws -> Void
    ) async throws {
        guard case .git(var source) = try RemoteSource(text) else {
            Issue.record("\(text) is not taken for a repository")
            return
        }
        if keepsGitDirectory { source.keepsGitDirectory = true }
        let client = client ?? self.client
        let resolved = try await client.resolve(source)
        try await Scratch.with { scratch in
            let directory = scratch.appending("out")
            try FileManager.default.createDirectory(atPath: directory.string, withIntermediateDirectories: true)
            let result = try await client.checkOut(resolved, into: directory, scratch: scratch)
            try await body(result.directory, resolved)
        }
    }

    @Test("branches, tags, full references and commits are found")
    func references() async throws {
        try await TestGitServer.with { server in
            let repository = try await server.repository()
            let first = try await repository.commit(["f": "1"])
            try await repository.git(["tag", "--annotate", "--message=m", "v1"])
            try await repository.git(["tag", "light"])
            try await repository.git(["branch", "a/b"])
            let second = try await repository.commit(["f": "2"])
            let tag = try await repository.git(["rev-parse", "v1"]).filter { !$0.isWhitespace }
            let url = repository.url
            for (name, commit) in [
                ("", second), ("#main", second), ("#refs/heads/main", second), ("#heads/main", second), ("#v1", first),
                ("#light", first), ("#a/b", first), ("?tag=v1", first), ("?branch=main", second), ("#\(first)", first),
                ("?ref=main&checksum=\(second.prefix(12))", second), ("?tag=v1&checksum=\(tag)", first),
                ("?checksum=\(first)", first), ("#HEAD", second),
            ] {
                try await checkOut(url + name) { directory, resolved in
                    #expect(resolved.commit == commit, "\(name)")
                    try #expect(Scratch.names(in: directory) == ["f"], "\(name)")
                    try #expect(Scratch.text(directory.appending("f")) == (commit == first ? "1" : "2"), "\(name)")
                }
            }
            for (name, words) in [
                ("#none", "does not contain ref none"), ("#\(first.prefix(8))", "all of its digits"),
                ("?ref=main&checksum=\(first)", "expected checksum to match \(first)"),
                ("?ref=main&checksum=xyz", "invalid checksum"), ("#main:none", "no directory \"none\""),
                ("#main:../x", "no directory"), ("#" + String(repeating: "1", count: 40), "git failed"),
            ] {
                let error = await #expect(throws: RemoteError.self, "\(name)") {
                    try await checkOut(url + name) { _, _ in }
                }
                #expect(error?.description.contains(words) == true, "\(String(describing: error))")
            }
        }
    }

    @Test("a subdirectory is all there is, and no link leads to one")
    func subdirectories() async throws {
        try await TestGitServer.with { server in
            let repository = try await server.repository()
            try FileManager.default.createSymbolicLink(
                atPath: repository.directory.appending("link").string, withDestinationPath: "/etc")
            try await repository.commit(["a/b/f": "1", "g": "2"])
            try await checkOut("\(repository.url)#:a/b", keepsGitDirectory: true) { directory, _ in
                try #expect(Scratch.names(in: directory) == ["f"])
            }
            let error = await #expect(throws: RemoteError.self) {
                try await checkOut("\(repository.url)#:link") { _, _ in }
            }
            #expect(error?.kind == .subdirectoryMissing("link"))
        }
    }

    @Test(".git is kept when that is asked for, and is the same every time")
    func keepsGitDirectory() async throws {
        try await TestGitServer.with { server in
            let repository = try await server.repository()
            let commit = try await repository.commit(["f": "1"])
            var listings: [String] = []
            for _ in 0..<2 {
                try await checkOut("\(repository.url)#main", keepsGitDirectory: true) { directory, _ in
                    let status = try await ChildProcess.run(
                        "git", ["-C", directory.string, "-c", "safe.directory=*", "status", "--porcelain"])
                    #expect(status.succeeded && status.output.isEmpty, "\(status)")
                    let head = try Scratch.text(directory.appending(".git/HEAD"))
                    #expect(head.contains(commit))
                    let config = try Scratch.text(directory.appending(".git").appending("config"))
                    #expect(config.contains(repository.url))
                }
                try await checkOut("\(repository.url)#main", keepsGitDirectory: true) { directory, _ in
                    let sums = try await ChildProcess.run(
                        "sh", ["-c", "find . -type f | LC_ALL=C sort | xargs sha256sum"], workingDirectory: directory)
                    listings.append(sums.output)
                }
            }
            #expect(listings[0] == listings[1])
        }
    }

    @Test("submodules come along unless they are left out, and none from this host's files")
    func submodules() async throws {
        try await TestGitServer.with { server in
            let inner = try await server.repository("inner.git")
            try await inner.commit(["x": "1"])
            let outer = try await server.repository("outer.git")
            try await outer.commit(["f": "1"])
            try await outer.git(["submodule", "--quiet", "add", inner.url, "sub"])
            try await outer.commitAll()
            try await checkOut(outer.url) { directory, _ in
                try #expect(Scratch.names(in: directory) == [".gitmodules", "f", "sub", "sub/x"])
            }
            try await checkOut("\(outer.url)?submodules=false") { directory, _ in
                try #expect(Scratch.names(in: directory) == [".gitmodules", "f", "sub"])
            }
            try await outer.git(["config", "--file=.gitmodules", "submodule.sub.url", inner.directory.string])
            try await outer.commitAll()
            let error = await #expect(throws: RemoteError.self) { try await checkOut(outer.url) { _, _ in } }
            #expect(error?.description.contains("not allowed") == true, "\(String(describing: error))")
        }
    }

    @Test("nothing in a repository makes git run a program here")
    func untrusted() async throws {
        try await TestGitServer.with { server in
            let repository = try await server.repository()
            let mark = server.directory.appending("mark")
            try await repository.commit([
                ".gitattributes": "* filter=evil\n", "f": "1", ".gitconfig": "[core]\n\tfsmonitor = touch \(mark)\n",
            ])
            try await checkOut(repository.url, keepsGitDirectory: true) { directory, _ in
                try #expect(Scratch.text(directory.appending("f")) == "1")
            }
            #expect(!FileManager.default.fileExists(atPath: mark.string))
        }
    }

    @Test("a token opens a repository over http, also where the server knows nothing of git")
    func authorization() async throws {
        try await TestGitServer.with { server in
            let repository = try await server.repository()
            let first = try await repository.commit(["f": "1"])
            try await repository.commit(["f": "2"])
            try await repository.git(["update-server-info"])
            try await TestWebServer.with { web in
                // x-access-token:t0p
                web.serve(
                    repository.directory.appending(".git"), at: "/r.git/",
                    authorization: "Basic eC1hY2Nlc3MtdG9rZW46dDBw")
                let url = "\(web.address)/r.git"
                let error = await #expect(throws: RemoteError.self) { try await checkOut(url) { _, _ in } }
                #expect(error?.kind == .gitFailed)
                for name in ["GIT_AUTH_TOKEN", "GIT_AUTH_TOKEN.127.0.0.1"] {
                    let client = GitClient(
                        environment: ["PATH": "/usr/bin:/bin"], secrets: RemoteSecrets { $0 == name ? "t0p" : nil })
                    try await checkOut("\(url)#\(first)", client: client) { directory, _ in
                        try #expect(Scratch.text(directory.appending("f")) == "1")
                    }
                }
            }
        }
    }

    @Test("a password in an address opens the repository and is in no list of processes")
    func login() async throws {
        try await TestGitServer.with { server in
            let repository = try await server.repository()
            let commit = try await repository.commit(["f": "1"])
            try await repository.git(["update-server-info"])
            let programs = server.directory.appending("bin")
            let log = server.directory.appending("arguments")
            try FileManager.default.createDirectory(atPath: programs.string, withIntermediateDirectories: false)
            let script = "#!/bin/sh\nPATH=/usr/bin:/bin\necho \"$@\" >>\(log)\nexec git \"$@\"\n"
            try Data(script.utf8).write(to: URL(filePath: programs.appending("git").string))
            try FileManager.default.setAttributes(
                [.posixPermissions: 0o755], ofItemAtPath: programs.appending("git").string)
            try await TestWebServer.with { web in
                web.serve(
                    repository.directory.appending(".git"), at: "/r.git/",
                    authorization: "Basic eC1hY2Nlc3MtdG9rZW46dDBw")
                let url = web.address.replacing("://", with: "://x-access-token:t0%70@") + "/r.git"
                let client = GitClient(environment: ["PATH": "\(programs):/usr/bin:/bin"])
                try await checkOut("\(url)#\(commit)", client: client) { directory, _ in
                    try #expect(Scratch.text(directory.appending("f")) == "1")
                }
            }
            let arguments = try Scratch.text(log)
            #expect(arguments.contains("fetch") && !arguments.contains("t0"), "\(arguments)")
        }
    }

    @Test("a host that is not there, and a git that is not there, are errors")
    func failures() async throws {
        let refused = await #expect(throws: RemoteError.self) { try await checkOut("git://127.0.0.1:1/r") { _, _ in } }
        #expect(refused?.kind == .gitFailed && refused?.description.contains("refused") == true)
        let missing = await #expect(throws: RemoteError.self) {
            try await checkOut("git://127.0.0.1:1/r", client: GitClient(environment: ["PATH": "/nonexistent"])) {
                _, _ in
            }
        }
        #expect(missing?.kind == .gitMissing, "\(String(describing: missing))")
    }
}
