// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

package import Dockerfile
package import OCI

/// An image that a build starts from or copies from, for one platform.
package struct ImageNeed: Hashable, Sendable {
    package var reference: Reference
    package var platform: Platform
}

/// What a stage starts from.
enum StageBase: Hashable {
    case scratch
    case stage(Int)
    case image(ImageNeed)
    /// The files of a named context.
    case files(ContextDirectory)
}

extension StageBase {
    /// What a person reads after FROM.
    var title: String {
        switch self {
        case .scratch: "scratch"
        case .stage(let index): "stage \(index)"
        case .image(let need): need.reference.familiar
        case .files(let directory): directory.name
        }
    }
}

/// Where a COPY takes its files from.
enum CopyOrigin: Hashable {
    case context
    case stage(Int)
    case image(ImageNeed)
    /// A named context that is nothing.
    case scratch
    /// The files of a named context.
    case files(ContextDirectory)

    init(_ base: StageBase) {
        self =
            switch base {
            case .scratch: .scratch
            case .stage(let index): .stage(index)
            case .image(let need): .image(need)
            case .files(let directory): .files(directory)
            }
    }
}

/// Answers, for one target platform, what the names in a Dockerfile stand for.
package struct NameResolver {
    let dockerfile: Dockerfile
    let target: Platform
    let scope: GlobalScope
    let host: Platform

    private let names: StageNames
    private let contexts: ContextNames
    private let rules: [BaseRule]
    /// What each FROM line comes to; a mistake matters only when the stage is needed.
    private let origins: [Result<Origin, DockerfileError>]

    /// A FROM line with its names understood.
    private struct Origin {
        enum Base {
            case scratch
            case stage(Int)
            case image(String)
            case context(NamedContext)
        }

        var base: Base
        var platform: Result<Platform, DockerfileError>
        /// What --platform says where it does not count.
        var ignored: Platform?
        /// Whether a named context stands for the whole stage.
        var isReplaced = false
    }

    package init(_ dockerfile: Dockerfile, request: BuildRequest, host: Platform, target: Platform) throws {
        self.dockerfile = dockerfile
        self.target = target
        self.host = host
        let scope = try GlobalScope(dockerfile, request: request, build: host, target: target)
        let names = StageNames(dockerfile)
        let contexts = ContextNames(request.contexts)
        var origins: [Result<Origin, DockerfileError>] = []
        // Stages start from earlier ones only: what an origin needs is there when it is reached.
        for stage in dockerfile.stages {
            origins.append(
                Result { () throws(DockerfileError) in
                    let expanded = try stage.expanded(with: scope.variables, by: scope.expander)
                    let platform = Result { () throws(DockerfileError) in
                        try Self.platform(expanded.platform, of: stage) ?? target
                    }
                    let wanted = (try? platform.get()) ?? target
                    if let name = stage.name, let context = contexts.context(name, for: wanted) {
                        return Origin(base: .context(context), platform: platform, isReplaced: true)
                    }
                    // A number does not name a stage here, unlike in COPY --from.
                    if let base = names.index(ofName: expanded.baseName, before: stage.index) {
                        return Origin(
                            base: .stage(base), platform: origins[base].flatMap(\.platform),
                            ignored: expanded.platform.flatMap { try? Platform($0) })
                    }
                    // There is nothing in scratch that could be of another platform (BuildKit ignores the flag, too).
                    if expanded.baseName == "scratch" { return Origin(base: .scratch, platform: .success(target)) }
                    if let context = contexts.context(expanded.baseName, for: wanted) {
                        return Origin(base: .context(context), platform: platform)
                    }
                    return Origin(base: .image(expanded.baseName), platform: platform)
                })
        }
        self.scope = scope
        self.names = names
        self.contexts = contexts
        rules = request.baseRules
        self.origins = origins
    }

    private static func platform(_ text: String?, of stage: Stage) throws(DockerfileError) -> Platform? {
        guard let text else { return nil }
        do { return try Platform(text) } catch {
            throw DockerfileError(error.description, lines: stage.lines, culprit: stage.platform)
        }
    }

    /// The platform that a stage's commands run on: its base stage's, else its own --platform, else the target.
    ///
    /// - Throws: ``DockerfileError``.
    func platform(of stage: Stage) throws -> Platform { try origins[stage.index].get().platform.get() }

    /// The platform that a FROM asks for, and the other one that its base stage has.
    func ignoredPlatform(of stage: Stage) -> (asked: Platform, actual: Platform)? {
        guard let asked = try? origins[stage.index].get().ignored, let actual = try? platform(of: stage),
            asked != actual
        else { return nil }
        return (asked, actual)
    }

    /// Whether a named context stands for the whole stage, whose instructions then don't count.
    func isReplaced(_ stage: Stage) -> Bool { (try? origins[stage.index].get().isReplaced) ?? false }

    /// The named context that a stage starts from or is replaced by.
    func context(of stage: Stage) -> NamedContext? {
        if case .context(let context) = try? origins[stage.index].get().base { context } else { nil }
    }

    /// What a stage starts from.
    ///
    /// - Throws: ``DockerfileError``.
    func base(of stage: Stage) throws -> StageBase {
        switch try origins[stage.index].get().base {
        case .scratch: .scratch
        case .stage(let index): .stage(index)
        case .image(let name):
            .image(try need(name, lines: stage.lines, platform: try platform(of: stage)))
        case .context(let context): try base(context, for: stage)
        }
    }

    private func base(_ context: NamedContext, for stage: Stage) throws -> StageBase {
        switch context.source {
        case .scratch: .scratch
        case .directory(let directory): .files(directory)
        case .image(let reference): .image(ImageNeed(reference: reference, platform: try platform(of: stage)))
        case .layout(let layout): .image(ImageNeed(reference: layout.reference, platform: try platform(of: stage)))
        }
    }

    /// Where a COPY in `stage` takes its files from.
    ///
    /// - Throws: ``DockerfileError``.
    func origin(of copy: Copy, at instruction: Instruction, in stage: Stage) throws -> CopyOrigin {
        guard let from = copy.from else { return .context }
        return try origin(named: from, at: instruction, in: stage)
    }

    /// What a name after "from" in an instruction of `stage` stands for.
    ///
    /// - Throws: ``DockerfileError``.
    func origin(named from: String, at instruction: Instruction, in stage: Stage) throws -> CopyOrigin {
        if let source = names.index(of: from, before: stage.index) { return .stage(source) }
        if let context = try context(named: from, in: stage) { return CopyOrigin(try base(context, for: stage)) }
        if names.index(of: from) != nil {
            throw instruction.error(
                "cannot \(instruction.keyword == "RUN" ? "mount" : "copy") from stage \"\(from)\", it needs to be defined before current stage \"\(stage.name ?? String(stage.index))\"",
                culprit: "--from=\(from)")
        }
        if Int(from) != nil {
            throw instruction.error("invalid from flag value \(from): there is no stage of that number", culprit: from)
        }
        return .image(try need(from, lines: instruction.lines, platform: try platform(of: stage)))
    }

    /// The named context that a name after "from" in `stage` stands for, unless it names an earlier stage.
    ///
    /// - Throws: ``DockerfileError``.
    func context(named from: String, in stage: Stage) throws -> NamedContext? {
        if names.index(of: from, before: stage.index) != nil { return nil }
        return contexts.context(from, for: try platform(of: stage))
    }

    /// The image that a name in the Dockerfile stands for.
    private func need(_ text: String, lines: ClosedRange<Int>, platform: Platform) throws -> ImageNeed {
        do {
            let reference = try Reference(text)
            let image = rules.lazy.compactMap { $0.image(for: reference, on: platform) }.first
            return ImageNeed(reference: try image.map { try Reference($0) } ?? reference, platform: platform)
        } catch let error as OCIError {
            throw DockerfileError(error.description, lines: lines, culprit: text)
        }
    }
}
