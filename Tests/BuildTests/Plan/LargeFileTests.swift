// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import Build
import Testing

@Suite("Plan: a Dockerfile of a megabyte")
struct LargeFileTests {
    /// Instructions, each with a number for `#`, and how many of them.
    private static let files: [(line: String, count: Int)] = [
        ("RUN echo #", 75_000), ("ENV v#=$v#$v", 60_000), ("ENV v=# w=$v", 60_000), ("ARG v#=x", 75_000),
        ("LABEL a#=b c=#", 55_000), ("COPY --chown=1:2 a# /b/c/", 40_000), ("WORKDIR d#/..", 70_000),
        ("EXPOSE # 80", 60_000), ("VOLUME /v#", 60_000), ("ONBUILD RUN echo #", 40_000),
        ("CMD [\"a\", \"#\"]", 60_000),
    ]

    @Test("is planned in time that grows with its length", .timeLimit(.minutes(2)), arguments: files)
    func instructions(_ line: String, _ count: Int) async throws {
        try await plans("", line, count, "\n")
    }

    @Test("of one instruction is planned, too", .timeLimit(.minutes(2)), arguments: ["RUN echo", "ENV", "COPY"])
    func words(_ keyword: String) async throws {
        try await plans("\(keyword) \\\n", " v#=$v#", 60_000, " \\\n")
    }

    private func plans(_ start: String, _ line: String, _ count: Int, _ end: String) async throws {
        let parts = line.split(separator: "#", omittingEmptySubsequences: false)
        var text = "FROM base\n" + start
        for number in 1...count { text += parts.joined(separator: String(number)) + end }
        text += start.isEmpty ? "" : " /x=y\n"
        #expect((600_000..<1_600_000).contains(text.utf8.count), "\(line) makes \(text.utf8.count) bytes")
        #expect(try await plan(text, images: commonImages()).images.count == 1)
    }
}
