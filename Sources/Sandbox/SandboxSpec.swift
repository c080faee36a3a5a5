// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

public import SystemPackage

/// One process in one root file system: everything that is to be known before it starts.
public struct SandboxSpec: Hashable, Sendable {
    /// What the process sees as `/`.
    public var root: RootFileSystem
    /// The program and its arguments; a name without a slash is looked for in the environment's `PATH`.
    public var arguments: [String]
    /// The whole environment, as `NAME=value`; nothing is added to it.
    public var environment: [String]
    /// Where the process starts; it must exist.
    public var workingDirectory: String
    /// Who the process is.
    public var user: UserIdentity
    /// The host name in the sandbox.
    public var hostname: String
    /// Which network the process has.
    public var network: NetworkMode
    /// What is mounted besides /proc, /sys and /dev.
    public var mounts: [SandboxMount]
    /// What uname(2) says of the machine.
    public var personality: Personality
    /// Resource limits that differ from the inherited ones.
    public var limits: [ResourceLimit]
    /// The size of /dev/shm in bytes.
    public var sharedMemory: UInt64 = 64 << 20
    /// What the process is kept from.
    public var confinement: Confinement = .container
    /// Whether what is mounted at `/` can be written to; what is mounted below it is as it says.
    public var rootAccess = SandboxMount.Access.readWrite
    /// How the caller speaks with the process; nil when it does not.
    public var control: ProcessControl?
    /// An empty directory on this host that belongs to this run alone; the caller deletes it afterwards.
    public var scratch: FilePath

    /// Describes a process; what is not given is as Docker has it.
    public init(
        root: RootFileSystem, arguments: [String], environment: [String] = [], workingDirectory: String = "/",
        user: UserIdentity = .root, hostname: String = "localhost", network: NetworkMode = .host,
        mounts: [SandboxMount] = [], personality: Personality = .native, limits: [ResourceLimit] = [],
        scratch: FilePath
    ) {
        self.root = root
        self.arguments = arguments
        self.environment = environment
        self.workingDirectory = workingDirectory
        self.user = user
        self.hostname = hostname
        self.network = network
        self.mounts = mounts
        self.personality = personality
        self.limits = limits
        self.scratch = scratch
    }
}

/// What a process sees as its root directory.
public enum RootFileSystem: Hashable, Sendable {
    /// Layers, lowest first, of which at most ``maximumLowers``, and an empty upper directory that takes what is
    /// written. `work` is an empty directory on the same file system as `upper`; it is for one run only.
    case overlay(lower: [FilePath], upper: FilePath, work: FilePath)
    /// A directory that is written to.
    case directory(FilePath)
    /// What a process that runs in a sandbox sees, in whose namespaces the new one is: its mounts are those of the other,
    /// and so have to be its network and its host name. It ends with the other at the latest.
    case running(ProcessControl)

    /// How many layers an overlay may have: the kernel's 500, less the two that hold mount points.
    public static let maximumLowers = 498
}

/// Which network a process has.
public enum NetworkMode: String, Hashable, Sendable {
    /// The host's.
    case host
    /// Nothing but a loopback interface of its own.
    case none
}

/// What a process is kept from, besides other namespaces.
public enum Confinement: String, Hashable, Sendable {
    /// What Docker keeps a container from: few capabilities, a system call filter, parts of /proc and /sys covered.
    case container
    /// Nothing: every capability that there is in the user namespace, no filter. What the kernel asks of the user who
    /// started the program, and not of the namespace's root, is refused all the same.
    case none
}

/// What a process believes of the machine (personality(2)).
public enum Personality: String, Hashable, Sendable {
    /// The machine as it is.
    case native
    /// The 32-bit sister of the machine: `uname -m` says i686 on x86-64.
    case linux32
}

/// A resource limit (getrlimit(2)).
public struct ResourceLimit: Hashable, Sendable {
    /// The resources that can be limited.
    public enum Resource: String, Hashable, Sendable {
        /// As getrlimit(2) lists them.
        case addressSpace, core, cpu, data, fileLocks, fileSize, lockedMemory, messageQueues, niceness, openFiles
        case pendingSignals, processes, realTimePriority, realTimeTimeout, residentSet, stack
    }

    /// What is limited.
    public var resource: Resource
    /// The limit in force.
    public var soft: UInt64
    /// How far the process may raise it.
    public var hard: UInt64

    /// Limits `resource`.
    public init(_ resource: Resource, soft: UInt64, hard: UInt64) {
        self.resource = resource
        self.soft = soft
        self.hard = hard
    }
}

/// Something mounted into a sandbox.
public struct SandboxMount: Hashable, Sendable {
    /// Whether what is mounted can be written to.
    public enum Access: String, Hashable, Sendable {
        /// Nobody in the sandbox can change it.
        case readOnly
        /// What is written reaches the source.
        case readWrite
    }

    /// What can be mounted.
    public enum Source: Hashable, Sendable {
        /// A file of this host.
        case file(FilePath, Access)
        /// A directory of this host with all that is mounted below it.
        case directory(FilePath, Access)
        /// An empty file system in memory; `size` in bytes, nil for half of the memory.
        case memory(size: UInt64?, mode: UInt32)
    }

    /// What is mounted.
    public var source: Source
    /// Where, seen from inside; symbolic links of the image are followed and cannot lead out of it. What the image
    /// lacks of the path is there during the run and not in what the run leaves behind.
    public var target: String

    /// Mounts `source` at `target`.
    public init(_ source: Source, at target: String) {
        self.source = source
        self.target = target
    }
}

/// How a process ended.
public enum ExitStatus: Hashable, Sendable {
    /// By itself.
    case exit(code: Int32)
    /// By a signal.
    case signal(number: Int32)

    /// Whether the process ended with code 0.
    public var isSuccess: Bool { self == .exit(code: 0) }

    /// The code that a shell gives: 128 + n for a signal.
    public var shellCode: Int32 {
        switch self {
        case .exit(let code): code
        case .signal(let number): 128 + number
        }
    }
}

/// Which of its two outputs a process wrote to.
public enum OutputStream: String, Hashable, Sendable {
    /// Descriptor 1.
    case standardOutput
    /// Descriptor 2.
    case standardError
}
