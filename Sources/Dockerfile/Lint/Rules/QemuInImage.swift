// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

extension LintRule {
    static let qemuInImage = LintRule(
        "QemuInImage", "An emulator in the image is dead weight: the builder brings its own", kind: .own
    ) { scan in
        let inImage = scan.imageStages
        return scan.countedStages.filter { inImage.contains($0.stage.index) }.flatMap { stage in
            stage.instructions.compactMap { instruction -> Diagnostic? in
                guard let name = emulator(in: instruction.expanded) else { return nil }
                return Diagnostic(
                    rule: "QemuInImage",
                    message: "\(name) stays in the image; the builder runs foreign programs without it",
                    lines: instruction.written.lines)
            }
        }
    }

    /// The emulator that an instruction puts into the image.
    private static func emulator(in instruction: Instruction) -> String? {
        switch instruction.kind {
        case .copy(let copy):
            if let from = copy.from, ["multiarch/qemu-user-static", "tonistiigi/binfmt"].contains(where: from.contains)
            {
                return from
            }
            return copy.transfer.sources.lazy.map(Self.lastPart).first(where: isEmulator)
        case .add(let add):
            return add.transfer.sources.lazy.map(Self.lastPart).first(where: isEmulator)
        case .run(let run):
            let words = ShellWords.split(run.text)
            let installs = words.contains { ["install", "add", "curl", "wget"].contains($0) }
            guard installs else { return nil }
            if let package = words.first(where: { ["qemu-user-static", "qemu-user", "qemu-user-binfmt"].contains($0) })
            {
                return String(package)
            }
            guard words.contains("curl") || words.contains("wget") else { return nil }
            return words.lazy.map { Self.lastPart(String($0)) }.first(where: isEmulator)
        default:
            return nil
        }
    }

    private static func lastPart(_ path: String) -> String {
        path.utf8.split(separator: UInt8(ascii: "/")).last.map { String(Substring($0)) } ?? path
    }

    /// `qemu-aarch64`, `qemu-arm-static`, `qemu-*-static`, `x86_64_qemu-arm-static.tar.gz`: those for programs, not for
    /// machines (`qemu-system-arm`) or disks (`qemu-img`).
    private static func isEmulator(_ file: String) -> Bool {
        guard let start = file.firstRange(of: "qemu-")?.upperBound else { return false }
        let rest = file[start...]
        if rest.contains("-static") { return !rest.startsWith("system") }
        return Architecture.named(String(rest)) != nil
    }
}
