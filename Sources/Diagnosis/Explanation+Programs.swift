// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import Audit
import OCI

extension Explanation {
    /// What was said of a file that somebody wanted to execute.
    enum Complaint {
        /// The kernel said that it is no program for it.
        case refused
        /// It was not found, though it may be there.
        case missing
        /// A shell read it as a script.
        case misread
    }

    /// Why a file cannot be executed, when its bytes show that.
    static func ofProgram(_ program: ProgramFacts, _ complaint: Complaint, _ evidence: FailureEvidence) -> Explanation?
    {
        switch program.content {
        case .elf(let facts): return ofELF(facts, program, complaint, evidence)
        case .script(let name): return ofScript(name, program, evidence)
        case .empty where complaint == .refused:
            return Explanation(
                .damagedProgram, "\(program.path) is empty",
                remedy: "see what should have filled it: a download or a compiler that failed before")
        case .text where complaint == .refused:
            return Explanation(
                .noProgram, "\(program.path) is text without #! at its beginning, which only a shell executes",
                remedy: "begin it with #!/bin/sh, or run it as sh \(program.path)")
        case .other(let what?) where complaint != .missing:
            return Explanation(
                .noProgram, "\(program.path) is no program but \(what)", remedy: "see how the file got there")
        case .other(nil) where complaint == .refused:
            return Explanation(
                .noProgram, "\(program.path) is neither a program nor a script", remedy: "see how the file got there")
        case .empty, .text, .other: return nil
        }
    }

    private static func ofELF(
        _ facts: ELFFacts, _ program: ProgramFacts, _ complaint: Complaint, _ evidence: FailureEvidence
    ) -> Explanation? {
        let fit = PlatformFit(of: facts, on: evidence.platform)
        let words = "\(program.path) is \(fit.words(for: facts, on: evidence.platform))"
        switch fit {
        case .foreign(let needed): return Explanation(.foreignProgram, words, remedy: foreign(needed, evidence))
        case .needsNewer(let needed):
            return Explanation(
                .newerProgram, words,
                remedy: "compile it for \(evidence.platform), or build the image for \(needed) instead")
        case .notRun: return Explanation(.noProgram, words, remedy: "link it to a program")
        case .fits, .fitsAs: break
        }
        if case .missing(let loader) = program.interpreter {
            return missingLoader(loader, of: program.path)
        }
        guard complaint == .refused else { return nil }
        if facts.isPartial {
            return Explanation(
                .damagedProgram, "\(program.path) is cut off: it says that it has more bytes than there are",
                remedy: "copy or download it again")
        }
        return noHandler(program.path, facts.words, evidence)
    }

    private static func foreign(_ needed: Platform?, _ evidence: FailureEvidence) -> String {
        let right = "get or compile it for \(evidence.platform) (${TARGETARCH} and ${TARGETVARIANT} name it)"
        guard let needed, evidence.host.runnable.contains(needed) else { return right }
        return "\(right); if it is a tool of the build, run it in a stage FROM --platform=$BUILDPLATFORM"
    }

    /// The program is as it should be, and nothing here runs it.
    static func noHandler(_ path: String, _ what: String, _ evidence: FailureEvidence) -> Explanation {
        let reason =
            switch evidence.execution {
            case .native: "and this machine's kernel refuses it"
            case .emulated(let emulation): "and the kernel did not hand it to qemu-\(emulation.target)"
            }
        return Explanation(
            .noHandler, "\(path) is \(what) as \(evidence.platform) needs it, \(reason)",
            remedy: "see what manifold doctor --platform \(evidence.platform) says")
    }

    static func missingLoader(_ loader: String, of program: String) -> Explanation {
        let isMusl = loader.contains("ld-musl")
        let remedy =
            isMusl
            ? "it was linked for Alpine (musl): link it statically, or use a base of Alpine's"
            : "it was linked for glibc: link it statically, use a base with glibc such as Debian's, or on Alpine install gcompat"
        return Explanation(
            .missingInterpreter, "\(program) needs the loader \(loader), which is not in the image", remedy: remedy)
    }

    private static func ofScript(
        _ name: String?, _ program: ProgramFacts, _ evidence: FailureEvidence
    ) -> Explanation? {
        guard let name else {
            return Explanation(
                .noProgram, "the first line of \(program.path) names no interpreter after #!",
                remedy: "begin it with #!/bin/sh")
        }
        if name.hasSuffix("\r") { return windowsLineEnds(program.path, fix: program.path) }
        switch program.interpreter {
        case .missing:
            return Explanation(
                .missingInterpreter, "\(program.path) is a script for \(name), which is not in the image",
                remedy:
                    "install \(name.split(separator: "/").last.map(String.init) ?? name), or write the script for a "
                    + "shell that the image has")
        case .present(_, let facts?):
            return ofELF(facts, ProgramFacts(path: name, content: .elf(facts)), .missing, evidence)
        case .present(_, nil), nil: return nil
        }
    }

    /// A program or script that nobody made executable.
    static func withoutPermission(_ program: ProgramFacts) -> Explanation? {
        guard program.isExecutable == false else { return nil }
        switch program.content {
        case .elf, .script: break
        case .empty, .text, .other: return nil
        }
        return Explanation(
            .noPermission, "\(program.path) is not executable",
            remedy: "COPY --chmod=755 makes it so, as does chmod +x before it is copied, or git update-index --chmod=+x"
        )
    }

    static func missingLibrary(_ name: String) -> Explanation {
        Explanation(
            .missingLibrary,
            "a program needs the library \(name.isEmpty ? "that is named above" : name), which is not in the image",
            remedy:
                "install the package that has it, copy it as well when the program comes from another stage, or link the "
                + "program statically")
    }

    static func windowsLineEnds(_ script: String, fix: String) -> Explanation {
        Explanation(
            .windowsLineEnds,
            "\(script) has the line ends of Windows, so that the carriage return counts as part of the interpreter's name",
            remedy: "convert \(fix) with dos2unix or sed -i 's/\\r$//', and keep git from doing it again: "
                + "*.sh text eol=lf in .gitattributes")
    }
}
