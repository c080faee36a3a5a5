// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import CSandbox
public import OCI

/// How this machine runs programs of a platform.
public enum ExecutionMode: Hashable, Sendable {
    /// By itself.
    case native(Machine)
    /// By an emulator.
    case emulated(Emulator)

    /// What a native program should believe of the machine.
    public enum Machine: Hashable, Sendable {
        /// What it is.
        case itself
        /// Its 32-bit sister (personality `PER_LINUX32`).
        case thirtyTwoBit
    }

    /// Decides for `platform` on `host`.
    ///
    /// `runs32Bit` says whether the processor has the 32-bit sister's instructions, which some 64-bit ARM processors
    /// have not; nil asks the kernel.
    /// - Throws: ``EmulationError`` when only an emulator would do and there is none.
    public init(
        for platform: Platform, host: Platform = .host, finder: EmulatorFinder,
        runs32Bit: Bool? = nil
    ) throws(EmulationError) {
        guard platform.os == host.os else { throw .noTarget(platform) }
        if let machine = Self.native(for: platform, host: host, runs32Bit: runs32Bit) {
            self = .native(machine)
        } else {
            self = .emulated(try finder.emulator(for: platform))
        }
    }

    /// How `host` runs programs of `platform` by itself; nil when that takes an emulator.
    public static func native(for platform: Platform, host: Platform = .host, runs32Bit: Bool? = nil) -> Machine? {
        let runs32Bit = { runs32Bit ?? mf_runs_linux32() }
        switch (host.architecture, platform.architecture) {
        case _ where platform.os != host.os: return nil
        case ("arm", "arm") where !host.runnable.contains(platform): return nil
        case let (own, wanted) where own == wanted: return .itself
        case ("amd64", "386") where runs32Bit(), ("arm64", "arm") where runs32Bit(): return .thirtyTwoBit
        default: return nil
        }
    }

    /// What a process needs in its environment beside what the image and the build say.
    public func environment(for platform: Platform) -> [String] {
        guard case .emulated = self, let processor = EmulatorTable.processor(for: platform) else { return [] }
        return ["QEMU_CPU=\(processor)"]
    }
}
