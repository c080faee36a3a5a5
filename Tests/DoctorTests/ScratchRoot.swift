// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import Doctor
import FoundationEssentials
import Glibc
import Host
import SystemPackage

/// A root directory with a few files in it, for checks that read them; it goes away with this object.
final class ScratchRoot: Sendable {
    let path: FilePath

    init(_ files: [String: String]) throws {
        path = FilePath("/tmp/manifold-root-\(UInt64.random(in: 0 ... .max))")
        for (name, text) in files {
            let file = path.pushing(FilePath(String(name.drop { $0 == "/" })))
            try FileManager.default.createDirectory(
                atPath: file.removingLastComponent().string, withIntermediateDirectories: true)
            try Data(text.utf8).write(to: URL(filePath: file.string))
        }
        try FileManager.default.createDirectory(atPath: path.string, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(atPath: path.string) }

    /// Makes a file one that can be executed.
    func makeExecutable(_ name: String, mode: mode_t = 0o755) { chmod(path.appending(name).string, mode) }

    /// The machine that has this root.
    func machine(
        kernel: String = "6.12.0", userID: UInt32 = 1000, release: String = "ID=debian", store: FilePath = "/tmp",
        environment: [String: String] = ["PATH": "/bin"]
    ) -> ExaminedMachine {
        ExaminedMachine(
            root: path, environment: environment, distribution: Distribution(osRelease: release), userID: userID,
            userName: "guest", store: store, program: "/usr/bin/manifold", kernel: kernel)
    }
}

extension ScratchRoot {
    /// Adds a file.
    func write(_ text: String, to name: String) throws {
        try Data(text.utf8).write(to: URL(filePath: path.appending(name).string))
    }
}
