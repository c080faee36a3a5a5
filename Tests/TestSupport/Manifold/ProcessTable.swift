// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import FoundationEssentials
public import Glibc
public import SystemPackage

/// The processes of this machine, by what their command lines say.
public enum ProcessTable {
    /// The processes that have all of these words among their arguments.
    public static func processes(with words: String...) -> [pid_t] {
        all.filter { id in
            let line = commandLine(of: id)
            return words.allSatisfy { line.contains($0) }
        }
    }

    /// The process of `manifold` itself that works on a context, once it is there.
    public static func manifold(in context: FilePath) -> pid_t? {
        all.first { id in
            let line = commandLine(of: id)
            return line.first == Manifold.program.string && line.contains(context.string)
        }
    }

    /// The processes in whose mount namespaces something is mounted from or in a directory, as far as one may look.
    public static func processes(withMountsIn directory: FilePath) -> [pid_t] {
        all.filter { id in
            (try? String(contentsOfFile: "/proc/\(id)/mountinfo", encoding: .utf8))?.contains(directory.string) == true
        }
    }

    /// What every process was started with.
    public static var commandLines: [String] { all.map { commandLine(of: $0).joined(separator: " ") } }

    private static var all: [pid_t] {
        ((try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []).compactMap { pid_t($0) }
    }

    private static func commandLine(of id: pid_t) -> [String] {
        guard let data = FileManager.default.contents(atPath: "/proc/\(id)/cmdline") else { return [] }
        return data.split(separator: 0, omittingEmptySubsequences: false).map { String(decoding: $0, as: UTF8.self) }
    }
}

/// Waits until something is so.
///
/// - Returns: whether it became so in time.
public func eventually(
    within time: Duration = .seconds(20), _ condition: () throws -> Bool
) async throws -> Bool {
    let deadline = ContinuousClock.now + time
    while ContinuousClock.now < deadline {
        if try condition() { return true }
        try await Task.sleep(for: .milliseconds(20))
    }
    return try condition()
}
