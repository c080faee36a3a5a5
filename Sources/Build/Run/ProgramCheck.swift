// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import Dockerfile
import Emulation
import Layers
import OCI
import SystemPackage

/// Looks whether a program is for the machine that its image says it is for.
///
/// On this machine a program for it runs by itself, whatever the image says; on the image's machines it does not.
struct ProgramCheck {
    let place: RunPlace
    let environment: [String]
    let directory: String

    /// - Throws: ``RunError/otherMachine(program:machine:platform:)``. What cannot be found or read is no failure: the
    ///   command is going to say more of it.
    func check(_ words: [String], for platform: Platform) throws {
        guard let name = words.first, let file = program(name) else { return }
        var (path, bytes) = file
        // A script's interpreter is what the machine runs.
        if let script = ProgramFile(bytes), script.machine == nil, let interpreter = script.interpreter {
            guard let found = read(interpreter) else { return }
            (path, bytes) = (interpreter, found)
        }
        guard let machine = ProgramFile(bytes)?.machine else { return }
        let expected = platform.runnable.compactMap { EmulatorTable.target(for: $0)?.target }
        guard !expected.isEmpty, !expected.contains(machine) else { return }
        throw RunError.otherMachine(program: path, machine: machine, platform: platform)
    }

    /// The program that a name stands for, as execvp(3) looks for it.
    private func program(_ name: String) -> (String, [UInt8])? {
        if name.contains("/") {
            let path = Paths.resolve(name, against: directory)
            return read(path).map { (path, $0) }
        }
        let list = environment.last { $0.hasPrefix("PATH=") }?.dropFirst(5) ?? ""
        for folder in list.split(separator: ":") {
            let path = Paths.resolve(name, against: Paths.resolve(String(folder), against: directory))
            if let bytes = read(path) { return (path, bytes) }
        }
        return nil
    }

    /// The beginning of a file of the layers, following links inside them.
    private func read(_ path: String) -> [UInt8]? {
        guard let found = try? place.tree.resolve(TreePath(path)).found, found.entry.hasContent
        else { return nil }
        // The topmost directory that has it: the one that the merged view shows.
        for directory in place.lower.reversed() {
            guard let file = try? RootDirectory(directory).open(found.entry.path) else { continue }
            defer { try? file.close() }
            var bytes = [UInt8](repeating: 0, count: 4096)
            let count = (try? bytes.withUnsafeMutableBytes { try file.read(into: $0) }) ?? 0
            return Array(bytes[..<count])
        }
        return nil
    }
}
