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
}

extension StageBase {
    /// What a person reads after FROM.
    var title: String {
        switch self {
        case .scratch: "scratch"
        case .stage(let index): "stage \(index)"
        case .image(let need): need.reference.familiar
        }
    }
}

/// Where a COPY takes its files from.
enum CopyOrigin: Hashable {
    case context
    case stage(Int)
    case image(ImageNeed)
}

/// Answers, for one target platform, what the names in a Dockerfile stand for.
package struct NameResolver {
    let dockerfile: Dockerfile
    let target: Platform
    let scope: GlobalScope
    let host: Platform

    private let names: StageNames
    /// What each FROM line comes to; a mistake matters only when the stage is needed.
    private let origins: [Result<Origin, DockerfileError>]

    /// A FROM line with its names understood.
    private struct Origin {
        enum Base {
            case scratch
            case stage(Int)
            case image(String)
        }

        var base: Base
        var platform: Result<Platform, DockerfileError>
        /// What --platform says where it does not count.
        var ignored: Platform?
    }

    package init(_ dockerfile: Dockerfile, request: BuildRequest, host: Platform, target: Platform) throws {
        self.dockerfile = dockerfile
        self.target = target
        self.host = host
        let scope = try GlobalScope(dockerfile, request: request, build: host, target: target)
        let names = StageNames(dockerfile)
        var origins: [Result<Origin, DockerfileError>] = []
        // Stages start from earlier ones only: what an origin needs is there when it is reached.
        for stage in dockerfile.stages {
            origins.append(
                Result { () throws(DockerfileError) in
                    let expanded = try stage.expanded(with: scope.variables, by: scope.expander)
                    // A number does not name a stage here, unlike in COPY --from.
                    if let base = names.index(ofName: expanded.baseName, before: stage.index) {
                        return Origin(
                            base: .stage(base), platform: origins[base].flatMap(\.platform),
                            ignored: expanded.platform.flatMap { try? Platform($0) })
                    }
                    // There is nothing in scratch that could be of another platform (BuildKit ignores the flag, too).
                    if expanded.baseName == "scratch" { return Origin(base: .scratch, platform: .success(target)) }
                    let platform = Result { () throws(DockerfileError) in
                        try Self.platform(expanded.platform, of: stage) ?? target
                    }
                    return Origin(base: .image(expanded.baseName), platform: platform)
                })
        }
        self.scope = scope
        self.names = names
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

    /// What a stage starts from.
    ///
    /// - Throws: ``DockerfileError``.
    func base(of stage: Stage) throws -> StageBase {
        switch try origins[stage.index].get().base {
        case .scratch: .scratch
        case .stage(let index): .stage(index)
        case .image(let name):
            .image(ImageNeed(reference: try reference(name, lines: stage.lines), platform: try platform(of: stage)))
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
        if names.index(of: from) != nil {
            throw instruction.error(
                "cannot \(instruction.keyword == "RUN" ? "mount" : "copy") from stage \"\(from)\", it needs to be defined before current stage \"\(stage.name ?? String(stage.index))\"",
                culprit: "--from=\(from)")
        }
        if Int(from) != nil {
            throw instruction.error("invalid from flag value \(from): there is no stage of that number", culprit: from)
        }
        return .image(
            ImageNeed(
                reference: try reference(from, lines: instruction.lines), platform: try platform(of: stage)))
    }

    private func reference(_ text: String, lines: ClosedRange<Int>) throws -> Reference {
        do { return try Reference(text) } catch {
            throw DockerfileError(error.description, lines: lines, culprit: text)
        }
    }
}
