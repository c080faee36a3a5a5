// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

/// Why something failed and what helps, in words that are the same wherever it comes up.
public struct Explanation: Hashable, Sendable {
    /// The kinds of causes; the words are for programs and stay as they are.
    public enum Cause: String, Hashable, Sendable, CaseIterable {
        /// A program is for another machine.
        case foreignProgram = "foreign-program"
        /// A program is for a newer variant of the machine.
        case newerProgram = "newer-program"
        /// A file that is to be executed is no program.
        case noProgram = "no-program"
        /// A file that is to be executed is empty or cut off.
        case damagedProgram = "damaged-program"
        /// The loader or interpreter that a program names is not there.
        case missingInterpreter = "missing-interpreter"
        /// A library that a program needs is not there.
        case missingLibrary = "missing-library"
        /// A file that is to be executed lacks the permission.
        case noPermission = "no-permission"
        /// A script has the line ends of Windows.
        case windowsLineEnds = "windows-line-ends"
        /// The kernel has nothing that runs a program of the image's own platform.
        case noHandler = "no-handler"
        /// A program under QEMU was ended by a signal.
        case emulatedSignal = "emulated-signal"
        /// A program used an instruction that the processor does not have.
        case illegalInstruction = "illegal-instruction"
        /// QEMU itself failed.
        case emulatorFailure = "emulator-failure"
        /// QEMU does not know the processor that it is to be.
        case unknownProcessor = "unknown-processor"
        /// A program asked for a system call that QEMU does not have.
        case unsupportedSystemCall = "unsupported-system-call"
        /// A 32-bit program met a number of 64 bits.
        case valueTooLarge = "value-too-large"
        /// Memory ran out.
        case outOfMemory = "out-of-memory"
        /// Something killed the command.
        case killed
        /// The disk is full.
        case diskFull = "disk-full"
        /// The user namespace has too few ids.
        case tooFewIDs = "too-few-ids"
        /// A set-uid program did not get its rights.
        case setUserID = "set-user-id"
    }

    public let cause: Cause
    /// What is wrong, one sentence without a capital letter or a full stop.
    public let sentence: String
    /// What to do about it.
    public let remedy: String?

    public init(_ cause: Cause, _ sentence: String, remedy: String?) {
        self.cause = cause
        self.sentence = sentence
        self.remedy = remedy
    }
}
