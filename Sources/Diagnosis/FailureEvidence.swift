// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

public import OCI
public import Sandbox

/// What is known of a command that failed.
public struct FailureEvidence: Sendable {
    /// What runs the platform's programs.
    public enum Execution: Hashable, Sendable {
        /// The machine itself.
        case native
        case emulated(Emulation)
    }

    /// An emulator as it was used.
    public struct Emulation: Hashable, Sendable {
        /// QEMU's name of what it emulates.
        public var target: String
        /// QEMU's version, as in `7.2.22`.
        public var version: String?
        /// The processor that QEMU was told to be (`QEMU_CPU`); nil for its own choice.
        public var processor: String?
        /// Whether set-uid programs get their rights (flag C of the handler).
        public var keepsCredentials = true

        public init(target: String, version: String? = nil, processor: String? = nil, keepsCredentials: Bool = true) {
            self.target = target
            self.version = version
            self.processor = processor
            self.keepsCredentials = keepsCredentials
        }
    }

    /// The file system that the command wrote to.
    public struct Disk: Hashable, Sendable {
        /// Where it is mounted.
        public var path: String
        public var freeBytes: UInt64
        public var freeInodes: UInt64
        /// As in `ext4`; nil when it has no well-known name.
        public var type: String?

        public init(path: String, freeBytes: UInt64, freeInodes: UInt64, type: String? = nil) {
            self.path = path
            self.freeBytes = freeBytes
            self.freeInodes = freeInodes
            self.type = type
        }
    }

    /// How it ended; nil when it could not even be started.
    public var status: ExitStatus?
    /// Why it could not be started.
    public var failure: SandboxError?
    /// The last lines that it printed.
    public var output: [String]
    public var platform: Platform
    public var execution: Execution
    /// The machine that all this happens on.
    public var host: Platform
    /// What the messages call a file, and what that file is; what is not there is not here.
    public var programs: [String: ProgramFacts]
    /// How many processes the kernel killed for want of memory while the command ran, on the whole machine.
    public var memoryKills: UInt64
    public var disk: Disk?
    /// How many user ids the namespace has.
    public var mappedIDs: UInt64?

    public init(
        status: ExitStatus?, failure: SandboxError? = nil, output: [String] = [], platform: Platform,
        execution: Execution, host: Platform, programs: [String: ProgramFacts] = [:], memoryKills: UInt64 = 0,
        disk: Disk? = nil, mappedIDs: UInt64? = nil
    ) {
        self.status = status
        self.failure = failure
        self.output = output
        self.platform = platform
        self.execution = execution
        self.host = host
        self.programs = programs
        self.memoryKills = memoryKills
        self.disk = disk
        self.mappedIDs = mappedIDs
    }
}
