// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

extension LintRule {
    static let couldCrossCompile = LintRule(
        "CouldCrossCompile", "A stage that only compiles can run on the machine that builds, without emulation",
        kind: .own, severity: .info
    ) { scan in
        let platforms = scan.context.platforms
        guard platforms.isEmpty || platforms.contains(where: { $0 != scan.context.buildPlatform }) else { return [] }
        let inImage = scan.imageStages
        return scan.countedStages.compactMap { stage in
            guard stage.pin == .target, stage.parent == nil, !inImage.contains(stage.stage.index),
                !Architecture.isNamed(in: stage.stage), !stage.hasPrefixedBase,
                let advice = advice(for: stage, in: scan)
            else { return nil }
            let name = stage.stage.writtenName.map { "Stage '\($0)'" } ?? "Stage \(stage.stage.index)"
            return Diagnostic(
                rule: "CouldCrossCompile",
                message: "\(name) could run on the build platform: FROM --platform=$BUILDPLATFORM, \(advice)",
                lines: stage.stage.lines)
        }
    }

    private static func advice(for stage: StageScan, in scan: LintScan) -> String? {
        let text = stage.instructions.compactMap { instruction -> String? in
            switch instruction.written.kind {
            case .run(let run): run.text
            case .environment(let pairs): pairs.map { "\($0.name)=\($0.value)" }.joined(separator: "\n")
            default: nil
            }
        }.joined(separator: "\n")
        // Who names these has a way of his own already.
        guard !["TARGETARCH", "TARGETPLATFORM", "BUILDPLATFORM", "GOARCH"].contains(where: text.contains) else {
            return nil
        }
        let image = repository(of: stage.base)
        switch image.name {
        case "golang":
            guard text.contains("go build") || text.contains("go install"), !text.contains("CGO_ENABLED=1") else {
                return nil
            }
            // With C in it, a cross compiler would be needed; Alpine's image has no compiler unless one is installed.
            let hasNoC = text.contains("CGO_ENABLED=0") || (image.tag.contains("alpine") && !needsC(text))
            return hasNoC ? "and GOOS=$TARGETOS GOARCH=$TARGETARCH for go build" : nil
        case "rust":
            guard text.contains("cargo build") || text.contains("cargo install"), !needsC(text) else { return nil }
            return "and cargo's --target with a linker for it"
        case "node":
            return buildsPagesOnly(stage, text, in: scan) ? "since its output is the same for every platform" : nil
        default:
            return nil
        }
    }

    private static func repository(of base: String) -> (name: String, tag: String) {
        let last = base.utf8.split(separator: UInt8(ascii: "/")).last.map { Substring($0) } ?? ""
        let (name, tag) = last.cut(at: "@").before.cut(at: ":")
        return (String(name), tag.map { String($0) } ?? "")
    }

    /// Whether C libraries or a compiler for C are installed.
    private static func needsC(_ text: String) -> Bool {
        ShellWords.split(text).contains { word in
            ["gcc", "g++", "clang", "build-base", "musl-dev", "build-essential"].contains(word)
                || word.hasSuffix("-dev") || word.hasSuffix("-devel") || word.contains("-dev=")
        }
    }

    /// Whether a Node stage builds files for browsers and nothing else is taken from it.
    private static func buildsPagesOnly(_ stage: StageScan, _ text: String, in scan: LintScan) -> Bool {
        guard
            ["npm run build", "yarn build", "yarn run build", "pnpm build", "pnpm run build"].contains(
                where: text.contains)
        else { return false }
        // Each such stage is looked for in all others, so there is an end to how many others there may be.
        guard scan.stages.count <= 500 else { return false }
        var taken: [String] = []
        for other in scan.stages where other.stage.index > stage.stage.index {
            if other.parent == stage.stage.index { return false }
            for instruction in other.instructions {
                switch instruction.expanded.kind {
                case .copy(let copy):
                    guard let from = copy.from,
                        scan.dockerfile.stage(from, before: other.stage.index)?.index == stage.stage.index
                    else { continue }
                    // A program that Node runs may have parts in machine code.
                    guard repository(of: other.base).name != "node" else { return false }
                    taken += copy.transfer.sources
                case .run(let run):
                    if run.mounts.contains(where: { $0.from == stage.stage.name }) { return false }
                default:
                    continue
                }
            }
        }
        return !taken.isEmpty
            && taken.allSatisfy { path in
                let last = Paths.clean(path).utf8.split(separator: UInt8(ascii: "/")).last.map { String(Substring($0)) }
                return ["dist", "build", "public", "out", "html", "www", "static"].contains(last ?? "")
            }
    }
}
