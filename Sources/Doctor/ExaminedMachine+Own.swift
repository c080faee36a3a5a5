// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import Glibc
import Host
public import SystemPackage

extension ExaminedMachine {
    /// The name of a user by /etc/passwd: getpwuid(3) would load libraries into a program that is linked statically.
    public static func name(of id: UInt32) -> String? {
        for line in (SystemFile.text("/etc/passwd") ?? "").split(separator: "\n") {
            let fields = line.split(separator: ":", omittingEmptySubsequences: false)
            if fields.count > 2, fields[2] == String(id) { return String(fields[0]) }
        }
        return nil
    }

    /// The file of this program.
    public static var ownProgram: FilePath {
        var target = [CChar](repeating: 0, count: 4097)
        let count = readlink("/proc/self/exe", &target, target.count - 1)
        guard count > 0 else { return "/usr/bin/manifold" }
        return FilePath(String(decoding: target.prefix(count).map { UInt8(bitPattern: $0) }, as: UTF8.self))
    }
}
