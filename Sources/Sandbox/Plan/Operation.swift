// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import CSandbox
public import SystemPackage

/// One thing that the child does between clone3 and execve. A plan is an array of them.
public enum Operation: Hashable, Sendable {
    /// Mounts layers (topmost first) at a directory of the host.
    case overlay(lower: [FilePath], upper: FilePath, work: FilePath, at: FilePath, interface: OverlayInterface)
    /// Binds a directory of the host at another.
    case bindRoot(FilePath, at: FilePath)
    /// Makes a file system, not attached to anything yet.
    case fileSystem(String, options: [Option], attributes: MountAttributes, into: Slot)
    /// Puts a file system in its place below the root.
    case attach(Slot, at: Target)
    /// Binds a path of the host at a path below a file system.
    case bind(FilePath, recursive: Bool, attributes: MountAttributes, at: Target, ifMissing: Missing)
    /// Gives what is at a path other attributes.
    case restrict(Target, attributes: MountAttributes, ifMissing: Missing)
    /// Gives a whole file system other attributes, and what is mounted on it none.
    case protect(Slot, attributes: MountAttributes)
    /// Makes a directory in a file system of ours.
    case directory(String, mode: UInt32, in: Slot)
    /// Makes an empty file in a file system of ours.
    case file(String, mode: UInt32, in: Slot)
    /// Makes a symbolic link in a file system of ours.
    case link(String, to: String, in: Slot)
    /// Makes the root file system the root directory; the host's is gone.
    case pivot
    /// Sets the host name.
    case hostname(String)
    /// Brings the loopback interface up.
    case loopbackUp
    /// Leaves init behind; the rest is carried out by the process that becomes the program.
    case fork
    /// Gives the process a terminal that belongs to a user.
    case terminal(TerminalSize, owner: UInt32)
    /// Enters the working directory.
    case changeDirectory(String)
    /// Sets a resource limit.
    case limit(ResourceLimit)
    /// Sets what uname(2) says.
    case personality(Personality)
    /// Gives up the capabilities that are not in the set for good.
    case boundingSet(Capabilities)
    /// Installs the system call filter.
    case seccomp(SeccompFilter)
    /// Sets the supplementary groups.
    case groups([UInt32])
    /// Changes to a group.
    case group(UInt32)
    /// Changes to a user.
    case user(UInt32)
    /// Sets the capabilities in force.
    case capabilities(Capabilities)
    /// Executes the first of the candidates that exists.
    case execute([String])

    /// An option of a file system.
    public struct Option: Hashable, Sendable {
        package var key: String
        package var value: String?
    }

    /// File systems that operations name.
    public enum Slot: Int32, Hashable, Sendable {
        /// The root, the three file systems that every root has, and whatever is mounted at the moment.
        case root = 0, proc, sys, dev, memory
    }

    /// A path below a file system; symbolic links in it do not lead out.
    public struct Target: Hashable, Sendable {
        var slot: Slot
        var path: String
    }

    /// What to do when the target of a mount is not there.
    public enum Missing: Hashable, Sendable {
        /// The run fails.
        case fail
        /// The operation is left out.
        case skip
    }

    /// How an overlay is mounted.
    public enum OverlayInterface: Hashable, Sendable {
        /// Layer by layer with fsconfig(2), Linux 6.5 and newer.
        case layerByLayer
        /// In one string with mount(2).
        case oneString
    }
}

/// Attributes of a mount (mount_setattr(2)).
public struct MountAttributes: OptionSet, Hashable, Sendable {
    /// The bits, as the kernel numbers them.
    public let rawValue: UInt64
    /// Makes a set of its bits.
    public init(rawValue: UInt64) { self.rawValue = rawValue }

    static let readOnly = MountAttributes(rawValue: MF_MOUNT_READ_ONLY)
    static let noSetuid = MountAttributes(rawValue: MF_MOUNT_NO_SETUID)
    static let noDevices = MountAttributes(rawValue: MF_MOUNT_NO_DEVICES)
    static let noExecute = MountAttributes(rawValue: MF_MOUNT_NO_EXECUTE)
}

extension Operation: CustomStringConvertible {
    /// What is done, as the subject of "… failed".
    public var description: String {
        switch self {
        case .overlay(let lower, _, _, let path, _): "overlay mount of \(lower.count) layers at \(path)"
        case .bindRoot(let directory, let path): "bind mount of \(directory) at \(path)"
        case .fileSystem(let type, _, _, _): "making of a \(type) file system"
        case .attach(_, let target): "mount of \(target) in the new root"
        case .bind(let source, _, _, let target, _): "mount of \(source) at \(target) in the new root"
        case .restrict(let target, _, _): "protection of \(target) in the new root"
        case .protect(let slot, _): "protection of \(Target(slot: slot, path: ""))"
        case .directory(let name, _, let slot): "making of directory \(Target(slot: slot, path: name))"
        case .file(let name, _, let slot): "making of file \(Target(slot: slot, path: name))"
        case .link(let name, let to, let slot): "making of link \(Target(slot: slot, path: name)) to \(to)"
        case .pivot: "change of the root directory"
        case .hostname(let name): "setting of host name \(name)"
        case .loopbackUp: "bringing up of the loopback interface"
        case .fork: "fork"
        case .terminal: "making of a terminal"
        case .changeDirectory(let path): "change to working directory \(path)"
        case .limit(let limit): "limit of \(limit.resource.rawValue) to \(limit.soft):\(limit.hard)"
        case .personality(let personality): "setting of personality \(personality.rawValue)"
        case .boundingSet(let set): "reduction of capabilities to \(set)"
        case .seccomp: "installation of the system call filter"
        case .groups(let ids): "setting of supplementary groups \(ids.map(String.init).joined(separator: ","))"
        case .group(let id): "change to group \(id)"
        case .user(let id): "change to user \(id)"
        case .capabilities(let set): "setting of capabilities \(set)"
        case .execute(let candidates): "execution of \(candidates.joined(separator: " or "))"
        }
    }
}

extension Operation.Target: CustomStringConvertible {
    /// The path as the sandbox sees it.
    public var description: String {
        switch slot {
        case .root, .memory: "/" + path
        case .proc: "/proc/" + path
        case .sys: "/sys/" + path
        case .dev: "/dev/" + path
        }
    }
}
