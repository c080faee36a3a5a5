// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import Diagnosis
import Glibc
import Host
import Store
import SystemPackage

/// Whether places in the store's directories fit in the 32 bits that old 32-bit programs have for them.
///
/// A 32-bit program under QEMU is a 64-bit process to the kernel, so that ext4 gives it hashes of 64 bits, and its readdir(3)
/// fails with EOVERFLOW unless it was compiled for large files.
struct DirectoryOffsetsCheck: Check {
    let place: ProofPlace
    /// The 32-bit platforms that are emulated here.
    let platforms: [String]

    func findings() async -> [Finding] {
        guard !platforms.isEmpty, let largest = try? largestOffset() else { return [] }
        let system = FileSystem(of: place.path)?.type ?? "the store's file system"
        guard largest > UInt64(UInt32.max) else {
            return [
                Finding("directory-offsets", .ok, "32-bit programs", "can read directories on \(system)")
            ]
        }
        return [
            Finding(
                "directory-offsets", .note, "32-bit programs",
                "those that were not compiled for large files cannot list directories on \(system) under QEMU "
                    + "(\(platforms.joined(separator: ", "))): \"Value too large for defined data type\"",
                advice: Explanation.valueTooLargeRemedy)
        ]
    }

    private func largestOffset() throws -> UInt64 {
        let directory = try place.directory("offsets")
        for number in 0..<16 { try Files.write([], to: directory.appending("file-\(number)")) }
        guard let stream = opendir(directory.string) else { throw Errno(rawValue: errno) }
        defer { closedir(stream) }
        var largest: UInt64 = 0
        // The last entry's is the end's, which may be any number.
        var last: UInt64 = 0
        while let entry = readdir(stream) {
            largest = max(largest, last)
            last = UInt64(bitPattern: Int64(entry.pointee.d_off))
        }
        return largest
    }
}
