// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import Testing

/// What must be true of every source file, whatever it does.
@Suite("Every source file")
struct SourceRulesTests {
    private static let licence =
        "// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE."

    @Test("begins with the licence line", arguments: ["Sources", "Tests"])
    func licenceLine(folder: String) throws {
        let files = try Repository.files(under: folder, extensions: ["swift", "c", "h"])
        try #require(!files.isEmpty)
        for file in files {
            #expect(file.lines.first == Self.licence[...], "\(file) does not begin with the licence line")
        }
        #expect(try Repository.file("Package.swift").lines.dropFirst().first == Self.licence[...])
    }

    @Test("has at most 800 lines", arguments: ["Sources", "Tests"])
    func length(folder: String) throws {
        for file in try Repository.files(under: folder, extensions: ["swift", "c", "h"]) {
            #expect(file.lines.count <= 801, "\(file) has \(file.lines.count - 1) lines; split it")
        }
    }

    @Test(
        "of the program has no way to crash on purpose",
        arguments: ["try!", "as!", "fatalError(", "preconditionFailure("])
    func noCrash(pattern: String) throws {
        for file in try Repository.files(under: "Sources", extensions: ["swift"]) {
            for (number, line) in file.lines.enumerated() {
                let code = line.drop { $0 == " " }
                #expect(code.hasPrefix("//") || !code.contains(pattern), "\(file):\(number + 1): \(pattern)")
            }
        }
    }
}
