// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import Glibc
import Host
import Store
import SystemPackage

/// Whether overlays work on the store's file system: one is mounted, a file written, another removed.
///
/// In a user namespace of manifold's.
struct OverlayCheck: Check {
    let place: ProofPlace

    func findings() async -> [Finding] {
        do {
            try proof()
            return [
                Finding("overlay", .ok, "overlayfs", "mounted on the store's file system; writing and removing work")
            ]
        } catch {
            let type = FileSystem(of: place.path)?.type.map { " (\($0))" } ?? ""
            return [
                Finding(
                    "overlay", .failure, "overlayfs", "does not work on the store's file system\(type): \(error)",
                    advice: "the store must be on a file system with user extended attributes and d_type (ext4, xfs, "
                        + "btrfs, tmpfs), not itself an overlay, and the kernel 5.11 or newer; choose another place with "
                        + "--root or MANIFOLD_ROOT")
            ]
        }
    }

    private struct Failure: Error, CustomStringConvertible {
        let description: String
    }

    private func proof() throws {
        let (lower, upper) = (try place.directory("overlay/lower"), try place.directory("overlay/upper"))
        let (work, merged) = (try place.directory("overlay/work"), try place.directory("overlay/merged"))
        for name in ["kept", "removed"] { try Files.write(Array("lower".utf8), to: lower.appending(name)) }
        let options =
            "lowerdir=\(Self.escaped(lower, ":,")),upperdir=\(Self.escaped(upper, ",")),workdir=\(Self.escaped(work, ",")),"
            + "userxattr"
        guard mount("overlay", merged.string, "overlay", 0, options) == 0 else {
            throw Failure(description: "it cannot be mounted: \(Errno(rawValue: errno))")
        }
        defer { umount2(merged.string, Int32(MNT_DETACH)) }
        guard unlink(merged.appending("removed").string) == 0 else {
            throw Failure(description: "a file of a lower layer cannot be removed: \(Errno(rawValue: errno))")
        }
        try Files.write(Array("upper".utf8), to: merged.appending("kept"))
        guard try Files.read(lower.appending("kept")) == Array("lower".utf8),
            try Files.read(upper.appending("kept")) == Array("upper".utf8),
            access(merged.appending("removed").string, F_OK) != 0
        else { throw Failure(description: "what is written does not go where it should") }
        // Whatever a removed file is marked with, something has to be there.
        var status = stat()
        guard lstat(upper.appending("removed").string, &status) == 0 else {
            throw Failure(description: "a removed file is not marked")
        }
    }

    /// A path as an option of mount(2) has it, where some letters stand between paths and options.
    private static func escaped(_ path: FilePath, _ letters: String) -> String {
        var text = ""
        for letter in path.string {
            if letter == "\\" || letters.contains(letter) { text += "\\" }
            text.append(letter)
        }
        return text
    }
}
