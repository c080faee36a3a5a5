// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import Glibc
import SystemPackage

/// What a plan depends on in the machine and the namespace that it will run in.
public struct HostFacts: Hashable, Sendable {
    /// How overlays are mounted here.
    public var overlayInterface: Operation.OverlayInterface
    /// Whether group 5, which owns terminals, exists in this user namespace.
    public var hasTerminalGroup: Bool
    /// Whether supplementary groups can be set, which a user namespace of a single id cannot.
    public var maySetGroups: Bool
    /// How many descriptors a process may have.
    public var openFilesLimit: UInt64

    /// Whether root in this user namespace is the machine's root, to whom files of the kernel belong.
    public var isRootOfMachine: Bool

    /// States the facts, as tests do.
    public init(
        overlayInterface: Operation.OverlayInterface, hasTerminalGroup: Bool, maySetGroups: Bool = true,
        openFilesLimit: UInt64, isRootOfMachine: Bool = false
    ) {
        self.isRootOfMachine = isRootOfMachine
        self.maySetGroups = maySetGroups
        self.overlayInterface = overlayInterface
        self.hasTerminalGroup = hasTerminalGroup
        self.openFilesLimit = openFilesLimit
    }

    /// The facts of this machine.
    public static func current() -> HostFacts {
        var limit = rlimit()
        let known = getrlimit(__rlimit_resource_t(UInt32(RLIMIT_NOFILE.rawValue)), &limit) == 0
        // What programs see as "as many as you like" is no count to be handed on.
        let descriptors = known ? min(UInt64(limit.rlim_max), 1 << 19) : 1024
        return HostFacts(
            overlayInterface: kernelVersion() >= (6, 5) ? .layerByLayer : .oneString,
            hasTerminalGroup: isMapped(5, in: "/proc/self/gid_map"),
            maySetGroups: HostFile.text("/proc/self/setgroups")?.hasPrefix("deny") != true, openFilesLimit: descriptors,
            isRootOfMachine: isIdentity("/proc/self/uid_map"))
    }

    private static func kernelVersion() -> (Int, Int) {
        let text = HostFile.text("/proc/sys/kernel/osrelease") ?? ""
        let numbers = text.split { !$0.isNumber }.prefix(2).compactMap { Int($0) }
        return numbers.count == 2 ? (numbers[0], numbers[1]) : (0, 0)
    }

    private static func isIdentity(_ path: FilePath) -> Bool {
        (HostFile.text(path) ?? "").split(separator: "\n").contains { line in
            line.split(separator: " ").prefix(2).allSatisfy { $0 == "0" }
        }
    }

    private static func isMapped(_ id: UInt64, in path: FilePath) -> Bool {
        (HostFile.text(path) ?? "").split(separator: "\n").contains { line in
            let fields = line.split(separator: " ").compactMap { UInt64($0) }
            return fields.count == 3 && id >= fields[0] && id - fields[0] < fields[2]
        }
    }
}
