// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

public import OCI

/// Whether a file of an image runs where the image says it does.
public enum PlatformFit: Hashable, Sendable {
    /// It runs on every machine of the platform.
    case fits
    /// It is for another platform, which many machines of the image's platform run as well: 32-bit programs on 64-bit x86
    /// and ARM.
    case fitsAs(Platform)
    /// It is for a newer variant of the architecture than the image says.
    case needsNewer(Platform)
    /// It is for another platform, or for one that has no name.
    case foreign(Platform?)
    /// It is nothing that a machine runs: something to link, or a core dump.
    case notRun

    /// Judges a file of an image for `platform`.
    ///
    /// The facts say the least that a file needs; where it says nothing of the variant, it is taken to run on the oldest.
    public init(of facts: ELFFacts, on platform: Platform) {
        switch facts.kind {
        case .executable, .shared: break
        case .relocatable, .other:
            self = .notRun
            return
        }
        guard let needed = ELFMachine.platform(of: facts) else {
            self = .foreign(nil)
            return
        }
        guard Self.runsFiles(of: needed.os, platform.os) else {
            self = .foreign(needed)
            return
        }
        let runnable = platform.runnable
        let does = runnable.first { offered in
            offered.architecture == needed.architecture
                && (needed.variant == nil || offered.variant == needed.variant)
        }
        if let does {
            self = does.architecture == platform.architecture ? .fits : .fitsAs(needed)
        } else if runnable.contains(where: { $0.architecture == needed.architecture }) {
            self = .needsNewer(needed)
        } else {
            self = .foreign(needed)
        }
    }

    /// Whether a file for one system may be one of another: only FreeBSD's files say that they are its own.
    private static func runsFiles(of needed: String, _ os: String) -> Bool {
        switch os {
        case "windows", "darwin", "wasip1", "plan9", "aix": false
        case "freebsd": needed == os
        default: needed != "freebsd"
        }
    }
}

extension PlatformFit {
    /// The verdict in words for a person, as in `an ARMv7 program; linux/arm/v6 runs ARMv6 and older`.
    public func words(for facts: ELFFacts, on platform: Platform) -> String {
        let what = facts.words
        switch self {
        case .fits: return "\(what); \(platform) runs it"
        case .fitsAs(let needed):
            return "\(what); it runs on those machines of \(platform) that run \(needed) too"
        case .needsNewer(let needed):
            guard let limit = Self.limit(platform, needed: needed) else { return "\(what); it needs \(needed)" }
            return "\(what); \(platform) runs \(limit)"
        case .foreign(let needed?): return "\(what) for \(needed), which \(platform) does not run"
        case .foreign(nil): return "\(what), which \(platform) does not run"
        case .notRun: return "\(what); nothing that a machine runs"
        }
    }

    /// The newest that a platform runs of an architecture.
    private static func limit(_ platform: Platform, needed: Platform) -> String? {
        let newest = platform.runnable.first { $0.architecture == needed.architecture }
        switch needed.architecture {
        case "arm": return newest?.variant.map { "ARM\($0) and older" }
        case "amd64": return newest?.variant.map { "x86-64-\($0) and older" } ?? "plain x86-64 only"
        default: return nil
        }
    }
}

extension ELFFacts {
    /// What the file is, as in `an ARMv7 program`.
    public var words: String {
        let noun =
            switch kind {
            case .relocatable: "object file"
            case .executable: "program"
            case .shared: hasInterpreter ? "program" : "shared object"
            case .other(4): "core dump"
            case .other: "ELF file"
            }
        let name = processor
        // The names that begin with the sound of a vowel: "an ARMv7", "an x86-64", "an s390x", "an AArch64".
        let isVowel = name.first.map { "aeioAEIO8x".contains($0) } == true || name.hasPrefix("s390")
        return "\(isVowel ? "an" : "a") \(name) \(noun)"
    }

    private var processor: String {
        switch ELFMachine.architecture(of: self) {
        case "arm": arm?.name.map { $0.hasPrefix("ARM") ? $0 : "ARM (\($0))" } ?? "ARM"
        case "arm64": "AArch64"
        case "386": "i386"
        case "amd64": (x86Level ?? 1) > 1 ? "x86-64-v\(x86Level ?? 1)" : "x86-64"
        case let known?: known
        case nil: machine == 62 && !is64Bit ? "x32" : "ELF machine \(machine)"
        }
    }
}
