// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import Glibc
import SystemPackage

extension ProcessTree {
    /// The processes below one, as /proc has them now.
    init(of root: Int32) {
        let ticks = Int64(max(1, sysconf(Int32(_SC_CLK_TCK))))
        self.init(
            of: root,
            among: Self.all.compactMap { id in
                func text(_ name: String) -> String? {
                    Self.read("/proc/\(id)/\(name)").map { String(decoding: $0, as: UTF8.self) }
                }
                return text("stat").flatMap {
                    ProcessFacts(
                        stat: $0, status: text("status"), commandLine: Self.read("/proc/\(id)/cmdline") ?? [],
                        ticks: ticks)
                }
            })
    }

    private static var all: [Int32] {
        guard let directory = opendir("/proc") else { return [] }
        defer { closedir(directory) }
        var found: [Int32] = []
        while let entry = readdir(directory) {
            let name = withUnsafeBytes(of: entry.pointee.d_name) {
                String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self)
            }
            if let id = Int32(name) { found.append(id) }
        }
        return found
    }

    /// The beginning of a file; nil when the process is gone.
    private static func read(_ path: String) -> [UInt8]? {
        guard let file = try? FileDescriptor.open(path, .readOnly, options: .closeOnExec) else { return nil }
        return try? file.closeAfter {
            try [UInt8](unsafeUninitializedCapacity: 4096) { buffer, count in
                count = try file.read(into: UnsafeMutableRawBufferPointer(buffer))
            }
        }
    }
}

extension ProcessControl {
    /// The processes that run; none when nothing does.
    public var processes: ProcessTree { process.map { ProcessTree(of: $0) } ?? ProcessTree() }
}
