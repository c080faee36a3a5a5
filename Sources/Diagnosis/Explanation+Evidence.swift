// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import Sandbox

extension Explanation {
    /// Explains a failure, when the evidence says why.
    ///
    /// What files prove goes before what messages say, and of each the last that came up: what ended the command is near
    /// its end.
    public init?(_ evidence: FailureEvidence) {
        if let failure = evidence.failure {
            guard let explanation = Self.ofStart(failure, evidence) else { return nil }
            self = explanation
            return
        }
        let symptoms = Symptom.all(in: evidence.output)
        let proven = symptoms.reversed().lazy.compactMap { Self.proven($0, evidence) }.first
        let told = { symptoms.reversed().lazy.compactMap { Self.told($0, evidence) }.first }
        guard let explanation = proven ?? told() ?? Self.ofStatus(evidence) else { return nil }
        self = explanation
    }

    /// The command did not even start.
    private static func ofStart(_ failure: SandboxError, _ evidence: FailureEvidence) -> Explanation? {
        switch failure {
        case .wrongFormat(let program, _):
            evidence.programs[program].flatMap { ofProgram($0, .refused, evidence) }
        case .interpreterNotFound(let program, _), .programNotFound(let program):
            evidence.programs[program].flatMap { ofProgram($0, .missing, evidence) }
        default: nil
        }
    }

    /// What the files show of a symptom, or the numbers of the machine.
    private static func proven(_ symptom: Symptom, _ evidence: FailureEvidence) -> Explanation? {
        // The first that is there is meant; the others are who says it.
        let program = symptom.programs.lazy.compactMap { evidence.programs[$0] }.first
        switch symptom {
        case .notExecutable: return program.flatMap { ofProgram($0, .refused, evidence) }
        case .notFound: return program.flatMap { ofProgram($0, .missing, evidence) }
        case .notPermitted: return program.flatMap(withoutPermission)
        case .notUnderstood: return program.flatMap { ofProgram($0, .misread, evidence) }
        case .emulatorMissesLoader(let loader): return missingLoader(loader, of: "a program")
        case .killed where evidence.memoryKills > 0, .outOfMemory: return memory(evidence)
        case .diskFull: return evidence.disk.flatMap(full)
        case .idRefused: return evidence.mappedIDs.flatMap { $0 < 65536 ? ids($0) : nil }
        case .notSetUserID(let program): return setUserID(program, evidence)
        case .unknownProcessor(let name): return unknownProcessor(name, evidence)
        default: return nil
        }
    }

    /// What a message lets one suppose.
    private static func told(_ symptom: Symptom, _ evidence: FailureEvidence) -> Explanation? {
        switch symptom {
        case .missingLibrary(let name): missingLibrary(name)
        // Somebody sent the others: HUP, INT, QUIT, KILL, PIPE, TERM.
        case .emulatedSignal(let number) where ![1, 2, 3, 9, 13, 15].contains(number): emulatedSignal(number, evidence)
        case .emulatorFailure, .noAddressSpace: emulatorFailure(symptom, evidence)
        case .illegalInstruction: illegalInstruction(evidence)
        case .carriageReturn: windowsLineEnds("a script", fix: "the script")
        case .valueTooLarge: valueTooLarge(evidence)
        case .unsupportedSystemCall(let number): unsupportedSystemCall(number, evidence)
        case .killed: killed(evidence)
        case .diskFull: sharedMemoryFull
        default: nil
        }
    }

    /// What the status alone says.
    private static func ofStatus(_ evidence: FailureEvidence) -> Explanation? {
        switch evidence.status {
        case .signal(number: 9), .exit(code: 137):
            return evidence.memoryKills > 0 ? memory(evidence) : killed(evidence)
        case .signal(let number): return ofSignal(Int(number), evidence)
        case .exit(let code) where code > 128 && code <= 128 + 31: return ofSignal(Int(code) - 128, evidence)
        default: return nil
        }
    }

    private static func ofSignal(_ number: Int, _ evidence: FailureEvidence) -> Explanation? {
        if case .emulated = evidence.execution {
            return faults[number].flatMap { _ in emulatedSignal(number, evidence) }
        }
        return number == 4 ? illegalInstruction(evidence) : nil
    }

    /// The signals that the processor's doings cause (signal(7)).
    static let faults = [
        4: "SIGILL", 5: "SIGTRAP", 6: "SIGABRT", 7: "SIGBUS", 8: "SIGFPE", 11: "SIGSEGV", 31: "SIGSYS",
    ]
}
