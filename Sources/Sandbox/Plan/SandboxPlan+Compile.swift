// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import SystemPackage

extension SandboxPlan {
    /// What the compiler must know besides the spec.
    struct Setting: Sendable {
        var host: HostFacts
        var directories: RunDirectories
        /// Whether a layer with mount points that the image hides lies on top.
        var hasTopStubs = false
        /// Whether /sys is the host's although the sandbox has a network of its own.
        var usesHostSys = false
    }

    /// Compiles `spec`. The operations are those of a container that Docker starts, in the same order of rights: mounts
    /// while there is every right, the filter while it may be set without no_new_privs, then the ids.
    static func compile(_ spec: SandboxSpec, _ setting: Setting, filter: SeccompFilter) -> SandboxPlan {
        var joined: ProcessControl?
        var operations: [Operation] = []
        if case .running(let control) = spec.root {
            joined = control
        } else {
            operations += rootOperations(spec, setting)
            operations += procOperations(spec, setting)
            operations += sysOperations(spec, setting)
            operations += devOperations(spec, setting) + devMountPoints(spec.mounts)
            operations += spec.mounts.indices.flatMap { place in
                mountOperations(spec.mounts[place], before: Array(spec.mounts[(place + 1)...]))
            }
            if spec.rootAccess == .readOnly { operations.append(.protect(.root, attributes: [.readOnly])) }
            operations += [.pivot, .hostname(spec.hostname)]
            if spec.network == .none { operations.append(.loopbackUp) }
        }
        operations.append(.fork)
        if let terminal = spec.control?.terminal { operations.append(.terminal(terminal.size, owner: spec.user.uid)) }
        operations.append(.changeDirectory(spec.workingDirectory))
        operations += limitOperations(spec, setting.host)
        if spec.personality != .native { operations.append(.personality(spec.personality)) }
        let capabilities: Capabilities = spec.confinement == .container ? .containerDefault : .all
        if spec.confinement == .container { operations += [.boundingSet(capabilities), .seccomp(filter)] }
        if setting.host.maySetGroups || !spec.user.groups.isEmpty { operations.append(.groups(groups(of: spec.user))) }
        operations += [
            .group(spec.user.gid), .user(spec.user.uid), .capabilities(spec.user.uid == 0 ? capabilities : []),
            .execute(candidates(spec)),
        ]
        return SandboxPlan(
            operations: operations, network: spec.network, arguments: spec.arguments, environment: spec.environment,
            joined: joined, control: spec.control)
    }

    /// The primary group is among the supplementary ones, too: else a command could drop it, and with it a refusal that
    /// a file's mode has for the group (CVE-2022-36109).
    private static func groups(of user: UserIdentity) -> [UInt32] {
        user.groups.contains(user.gid) ? user.groups : [user.gid] + user.groups
    }

    private static func rootOperations(_ spec: SandboxSpec, _ setting: Setting) -> [Operation] {
        let directories = setting.directories
        switch spec.root {
        case .running: return []
        case .directory(let directory):
            return [.bindRoot(directory, at: directories.root)]
        case .overlay(let lower, let upper, let work):
            var layers = Array(lower.reversed())
            layers.append(directories.stubs)
            if setting.hasTopStubs { layers.insert(directories.topStubs, at: 0) }
            return [
                .overlay(
                    lower: layers, upper: upper, work: work, at: directories.root,
                    interface: setting.host.overlayInterface)
            ]
        }
    }

    private static func procOperations(_ spec: SandboxSpec, _ setting: Setting) -> [Operation] {
        let directories = setting.directories
        let hidden: [(path: String, by: FilePath)] = [
            ("acpi", directories.empty), ("asound", directories.empty), ("scsi", directories.empty),
            ("kcore", "/dev/null"), ("keys", "/dev/null"), ("latency_stats", "/dev/null"),
            ("timer_list", "/dev/null"), ("timer_stats", "/dev/null"), ("sched_debug", "/dev/null"),
        ]
        let protected = ["bus", "fs", "irq", "sys", "sysrq-trigger"]
        let noPrograms: MountAttributes = [.noSetuid, .noDevices, .noExecute]
        var operations: [Operation] = [
            .fileSystem("proc", options: [], attributes: noPrograms, into: .proc),
            .attach(.proc, at: .init(slot: .root, path: "proc")),
        ]
        // What is the kernel's and belongs to the machine's root stays out of reach when that is who root is here.
        if spec.confinement == .container || setting.host.isRootOfMachine {
            operations += protected.map {
                .restrict(.init(slot: .proc, path: $0), attributes: [.readOnly], ifMissing: .skip)
            }
        }
        guard spec.confinement == .container else { return operations }
        operations += hidden.map { hide($0.path, of: .proc, by: $0.by) }
        return operations
    }

    private static func sysOperations(_ spec: SandboxSpec, _ setting: Setting) -> [Operation] {
        let attributes: MountAttributes = [.readOnly, .noSetuid, .noDevices, .noExecute]
        var operations: [Operation]
        // The kernel lets only the owner of the network namespace mount a new sysfs, which shows its interfaces.
        if spec.network == .none && !setting.usesHostSys {
            operations = [
                .fileSystem("sysfs", options: [], attributes: attributes, into: .sys),
                .attach(.sys, at: .init(slot: .root, path: "sys")),
            ]
        } else {
            operations = [
                .bind(
                    "/sys", recursive: true, attributes: attributes, at: .init(slot: .root, path: "sys"),
                    ifMissing: .fail)
            ]
        }
        guard spec.confinement == .container else { return operations }
        for path in ["sys/firmware", "sys/devices/virtual/powercap"] {
            operations.append(hide(path, of: .root, by: setting.directories.empty))
        }
        return operations
    }

    /// What is mounted below /dev finds nothing of the image there.
    private static func devMountPoints(_ mounts: [SandboxMount]) -> [Operation] {
        mountPoints(of: mounts, below: ["dev"], in: .dev, made: ["pts", "shm", "mqueue"])
    }

    /// Makes the mount points that an empty file system lacks which is going to be mounted at a path.
    private static func mountPoints(
        of mounts: [SandboxMount], below path: [String], in slot: Operation.Slot, made: Set<String> = []
    ) -> [Operation] {
        var made = made
        return mounts.flatMap { mount -> [Operation] in
            let components = MountPoint.components(of: mount.target)
            guard components.starts(with: path) else { return [] }
            let rest = Array(components.dropFirst(path.count))
            return rest.indices.compactMap { index in
                let path = rest[...index].joined(separator: "/")
                guard made.insert(path).inserted else { return nil }
                let isFile = index == rest.count - 1 && !mount.isDirectory
                return isFile ? .file(path, mode: 0o644, in: slot) : .directory(path, mode: 0o755, in: slot)
            }
        }
    }

    private static func hide(_ path: String, of slot: Operation.Slot, by source: FilePath) -> Operation {
        .bind(
            source, recursive: false, attributes: [.readOnly], at: .init(slot: slot, path: path), ifMissing: .skip)
    }

    private static func devOperations(_ spec: SandboxSpec, _ setting: Setting) -> [Operation] {
        let nodes = ["null", "zero", "full", "random", "urandom", "tty"]
        var links = [
            ("fd", "/proc/self/fd"), ("stdin", "/proc/self/fd/0"), ("stdout", "/proc/self/fd/1"),
            ("stderr", "/proc/self/fd/2"), ("core", "/proc/kcore"), ("ptmx", "pts/ptmx"),
        ]
        // The first terminal of a file system of terminals, which is the process's.
        if spec.control?.terminal != nil { links.append(("console", "pts/0")) }
        var operations: [Operation] = [
            .fileSystem(
                "tmpfs", options: [.init(key: "mode", value: "755"), .init(key: "size", value: "65536k")],
                attributes: [.noSetuid], into: .dev)
        ]
        operations += ["pts", "shm", "mqueue"].map { .directory($0, mode: 0o755, in: .dev) }
        operations += nodes.map { .file($0, mode: 0o666, in: .dev) }
        operations += links.map { .link($0.0, to: $0.1, in: .dev) }
        operations.append(.attach(.dev, at: .init(slot: .root, path: "dev")))
        operations += nodes.map {
            .bind(
                FilePath("/dev/" + $0), recursive: false, attributes: [], at: .init(slot: .dev, path: $0),
                ifMissing: .fail)
        }
        var terminals: [Operation.Option] = [
            .init(key: "newinstance", value: nil), .init(key: "ptmxmode", value: "0666"),
            .init(key: "mode", value: "0620"),
        ]
        // Group 5 is "tty" everywhere; where the namespace lacks it, the terminal keeps its owner's group.
        if setting.host.hasTerminalGroup { terminals.append(.init(key: "gid", value: "5")) }
        let noPrograms: MountAttributes = [.noSetuid, .noDevices, .noExecute]
        operations += [
            .fileSystem("devpts", options: terminals, attributes: [.noSetuid, .noExecute], into: .memory),
            .attach(.memory, at: .init(slot: .dev, path: "pts")),
            .fileSystem(
                "tmpfs",
                options: [.init(key: "mode", value: "1777"), .init(key: "size", value: String(spec.sharedMemory))],
                attributes: noPrograms, into: .memory),
            .attach(.memory, at: .init(slot: .dev, path: "shm")),
            .fileSystem("mqueue", options: [], attributes: noPrograms, into: .memory),
            .attach(.memory, at: .init(slot: .dev, path: "mqueue")),
        ]
        return operations
    }

    /// - Parameter others: what is mounted afterwards, perhaps on it.
    private static func mountOperations(_ mount: SandboxMount, before others: [SandboxMount]) -> [Operation] {
        let target = Operation.Target(slot: .root, path: mount.relativeTarget)
        switch mount.source {
        case .file(let path, let access):
            return [
                .bind(path, recursive: false, attributes: attributes(access), at: target, ifMissing: .fail)
            ]
        case .directory(let path, let access):
            return [.bind(path, recursive: true, attributes: attributes(access), at: target, ifMissing: .fail)]
        case .memory(let size, let mode):
            var options = [Operation.Option(key: "mode", value: String(mode, radix: 8))]
            if let size { options.append(.init(key: "size", value: String(size))) }
            let points = mountPoints(of: others, below: MountPoint.components(of: mount.target), in: .memory)
            return [.fileSystem("tmpfs", options: options, attributes: [.noSetuid, .noDevices], into: .memory)]
                + points + [.attach(.memory, at: target)]
        }
    }

    private static func attributes(_ access: SandboxMount.Access) -> MountAttributes {
        access == .readOnly ? [.readOnly] : []
    }

    private static func limitOperations(_ spec: SandboxSpec, _ host: HostFacts) -> [Operation] {
        // Programs that close every descriptor there might be take minutes when there might be a million.
        let openFiles = ResourceLimit(.openFiles, soft: min(1024, host.openFilesLimit), hard: host.openFilesLimit)
        let own = spec.limits.contains { $0.resource == .openFiles } ? [] : [openFiles]
        return (own + spec.limits).map { .limit($0) }
    }

    private static func candidates(_ spec: SandboxSpec) -> [String] {
        guard let program = spec.arguments.first else { return [] }
        if program.contains("/") { return [program] }
        let path = spec.environment.last { $0.hasPrefix("PATH=") }?.dropFirst(5)
        let fallback: Substring = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
        return (path ?? fallback).split(separator: ":", omittingEmptySubsequences: false).map {
            $0.isEmpty ? "./\(program)" : "\($0)/\(program)"
        }
    }
}

extension SandboxMount {
    /// The target without leading slashes, as the operations name it.
    var relativeTarget: String { String(target.drop { $0 == "/" }) }
}
