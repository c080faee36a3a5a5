// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import Testing

/// Holds the targets against the table of rooms in ARCHITECTURE.md.
@Suite("The rooms of the house")
struct ArchitectureTests {
    @Test("no target declares or imports a target that its line of the table does not name")
    func targetsKnowOnlyWhomTheyMay() throws {
        let package = try PackageDescription.read()
        let names = Set(package.targets.map(\.name))
        #expect(names.isSuperset(of: Rooms.mayImport.keys), "the table names targets that Package.swift does not have")

        for target in package.targets where target.type != "test" {
            let allowed = try #require(
                Rooms.mayImport[target.name], "\(target.name) has no line in the table of rooms")
            let declared = Set(target.dependencies.compactMap(\.target)).intersection(names)
            let excess = declared.subtracting(allowed).sorted()
            #expect(excess.isEmpty, "Package.swift lets \(target.name) depend on \(excess); the table does not")

            for file in try Repository.files(under: target.folder, extensions: ["swift"]) {
                let undeclared = file.imports.intersection(names).subtracting(declared).subtracting([target.name])
                    .sorted()
                #expect(undeclared.isEmpty, "\(file) imports \(undeclared), which \(target.name) does not declare")
            }
        }
    }

    @Test(
        "no file imports full Foundation, which costs 40 MB and milliseconds at every start",
        arguments: ["Sources", "Tests"])
    func nobodyImportsFoundation(folder: String) throws {
        for file in try Repository.files(under: folder, extensions: ["swift"]) {
            #expect(!file.imports.contains("Foundation"), "\(file): import FoundationEssentials instead")
        }
    }

    @Test("import declarations are recognised with every modifier")
    func importsAreRecognised() {
        let file = Repository.File(
            path: "x", lines: ["import A", "public import B", "@testable import C", "import struct D.E", "// import F"])
        #expect(file.imports == ["A", "B", "C", "D"])
    }
}
