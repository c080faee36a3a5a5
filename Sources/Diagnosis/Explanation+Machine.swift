// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

extension Explanation {
    private static let mib: UInt64 = 1 << 20

    static func memory(_ evidence: FailureEvidence) -> Explanation {
        Explanation(
            .outOfMemory,
            evidence.memoryKills > 0
                ? "memory ran out, and the kernel killed a process while the step ran" : "memory ran out",
            remedy:
                "let less run at once (in the step, as make -j1; in a build with --jobs 1 or a smaller --memory), or add "
                + "memory or swap"
        )
    }

    static func killed(_ evidence: FailureEvidence) -> Explanation {
        Explanation(
            .killed, "something killed it with SIGKILL; most often that is the kernel when memory runs out",
            remedy: "see in the kernel's log (dmesg) whether memory ran out; if so, let less run at once or add memory")
    }

    /// The disk is full, when it is.
    static func full(_ disk: FailureEvidence.Disk) -> Explanation? {
        let what: String
        if disk.freeInodes < 256 {
            what = "has no room for more files (inodes)"
        } else if disk.freeBytes < 16 * mib {
            what = "is full"
        } else {
            return nil
        }
        return Explanation(
            .diskFull, "the file system of the store, \(disk.path), \(what)",
            remedy: "free some with manifold prune, or keep the store elsewhere with --root")
    }

    /// Something is full, and it is not the disk.
    static let sharedMemoryFull = Explanation(
        .diskFull,
        "a file system of the step is full, though the store's is not: /dev/shm, a mount of the step or a quota",
        remedy: "make /dev/shm larger with --shm-size, or a tmpfs with RUN --mount=type=tmpfs,size=…; see quota -s")

    /// The user namespace has only so many ids.
    public static func ids(_ count: UInt64) -> Explanation {
        Explanation(
            .tooFewIDs,
            "the image needs ids up to 65535, and there are \(count) of them here",
            remedy: "give the user a range of 65536 in /etc/subuid and /etc/subgid: "
                + "sudo usermod --add-subuids 100000-165535 --add-subgids 100000-165535 \"$USER\"")
    }
}
