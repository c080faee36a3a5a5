// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

extension Explanation {
    static let crossCompile =
        "compile in a stage FROM --platform=$BUILDPLATFORM, where nothing is emulated"

    /// QEMU as it was used: `qemu-aarch64 7.2.22 as cortex-a57`.
    private static func words(_ emulation: FailureEvidence.Emulation) -> String {
        "qemu-\(emulation.target)" + (emulation.version.map { " \($0)" } ?? "")
            + (emulation.processor.map { " as \($0)" } ?? "")
    }

    private static func otherEmulator(_ emulation: FailureEvidence.Emulation) -> String {
        "try another QEMU (--qemu-version; manifold emulators import brings one in)"
    }

    static func emulatedSignal(_ number: Int, _ evidence: FailureEvidence) -> Explanation {
        guard case .emulated(let emulation) = evidence.execution else {
            return Explanation(
                .emulatedSignal, "a program under a QEMU of the image's own was ended by signal \(number)", remedy: nil)
        }
        let name = faults[number].map { "\($0) (signal \(number))" } ?? "signal \(number)"
        switch number {
        case 4: return illegalInstruction(evidence)
        case 6:
            return Explanation(
                .emulatedSignal, "a program under \(words(emulation)) gave up by itself (\(name))",
                remedy:
                    "see what it says before that; where it says nothing, \(otherEmulator(emulation)), or \(crossCompile)"
            )
        default:
            return Explanation(
                .emulatedSignal,
                "a program crashed with \(name) under \(words(emulation)); most such crashes are QEMU's fault, not the program's",
                remedy: "\(otherEmulator(emulation)), another processor (ENV QEMU_CPU=max), or \(crossCompile)")
        }
    }

    static func illegalInstruction(_ evidence: FailureEvidence) -> Explanation {
        guard case .emulated(let emulation) = evidence.execution else {
            return Explanation(
                .illegalInstruction, "a program uses an instruction that this machine's processor does not have",
                remedy: "compile it for the plain \(evidence.platform), without -march=native and the like")
        }
        let remedy =
            emulation.processor.map {
                "compile it for \(evidence.platform), whose processor \($0) is; "
                    + "ENV QEMU_CPU=max lets it run here, and not on every machine of that platform"
            }
            ?? "choose a processor that has it (ENV QEMU_CPU=max), \(otherEmulator(emulation)), or \(crossCompile)"
        return Explanation(
            .illegalInstruction, "a program uses an instruction that \(words(emulation)) does not have", remedy: remedy)
    }

    static func emulatorFailure(_ symptom: Symptom, _ evidence: FailureEvidence) -> Explanation? {
        guard case .emulated(let emulation) = evidence.execution else { return nil }
        if case .noAddressSpace = symptom {
            return Explanation(
                .emulatorFailure, "\(words(emulation)) found no room for the memory of a 32-bit program",
                remedy: "see that ulimit -v is unlimited and sysctl vm.overcommit_memory is not 2")
        }
        return Explanation(
            .emulatorFailure, "\(words(emulation)) itself failed",
            remedy: "\(otherEmulator(emulation)), or \(crossCompile)")
    }

    static func unknownProcessor(_ name: String, _ evidence: FailureEvidence) -> Explanation? {
        guard case .emulated(let emulation) = evidence.execution else { return nil }
        let asked = name.isEmpty ? emulation.processor ?? "" : name
        return Explanation(
            .unknownProcessor,
            "QEMU_CPU asks for the processor \(asked), which \(words(.init(target: emulation.target, version: emulation.version))) does not know",
            remedy: "qemu-\(emulation.target)-static -cpu help lists those that it knows")
    }

    static func unsupportedSystemCall(_ number: String, _ evidence: FailureEvidence) -> Explanation? {
        guard case .emulated(let emulation) = evidence.execution else { return nil }
        return Explanation(
            .unsupportedSystemCall,
            "a program made system call \(number.isEmpty ? "of a kind" : number), which \(words(emulation)) does not have",
            remedy: "\(otherEmulator(emulation)): a newer one may have it; or \(crossCompile)")
    }

    /// What helps 32-bit programs that get numbers of 64 bits.
    public static let valueTooLargeRemedy =
        "let it work in memory (RUN --mount=type=tmpfs,target=DIR), keep the store on xfs or tmpfs (--root), "
        + "or compile it with -D_FILE_OFFSET_BITS=64"

    static func valueTooLarge(_ evidence: FailureEvidence) -> Explanation {
        let place = evidence.disk.map { " (\($0.path)" + ($0.type.map { ", \($0)" } ?? "") + ")" } ?? ""
        return Explanation(
            .valueTooLarge,
            "a 32-bit program got a number from the store's file system\(place) that does not fit in 32 bits",
            remedy: valueTooLargeRemedy)
    }

    static func setUserID(_ program: String, _ evidence: FailureEvidence) -> Explanation {
        if case .emulated(let emulation) = evidence.execution, !emulation.keepsCredentials {
            return Explanation(
                .setUserID,
                "set-uid programs do not work under the host's handler for qemu-\(emulation.target), which has no flag C",
                remedy:
                    "use Linux 6.7 or newer, where manifold has handlers of its own, or have the handler registered "
                    + "with flag C")
        }
        return Explanation(
            .setUserID, "a set-uid program did not become root",
            remedy: "RUN steps are root unless USER says otherwise: do this before USER, and without sudo")
    }
}
