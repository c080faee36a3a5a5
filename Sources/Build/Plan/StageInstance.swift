// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

package import Dockerfile
package import OCI

/// A stage for one target platform.
struct StageInstance: Hashable {
    var stage: Int
    var target: Platform
}

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

    package init(_ dockerfile: Dockerfile, request: BuildRequest, host: Platform, target: Platform) throws {
        self.dockerfile = dockerfile
        self.target = target
        self.host = host
        self.scope = try GlobalScope(dockerfile, request: request, build: host, target: target)
    }

    /// The platform that a stage's commands run on: its own --platform, else its base stage's, else the target.
    ///
    /// - Throws: ``DockerfileError``.
    func platform(of stage: Stage) throws -> Platform {
        let expanded = try stage.expanded(with: scope.variables, by: scope.expander)
        if let base = dockerfile.stage(expanded.baseName, before: stage.index),
            base.name == expanded.baseName.lowercased()
        {
            return try platform(of: base)
        }
        // There is nothing in scratch that could be of another platform (BuildKit ignores the flag, too).
        guard let text = expanded.platform, expanded.baseName != "scratch" else { return target }
        do { return try Platform(text) } catch {
            throw DockerfileError(error.description, lines: stage.lines, culprit: stage.platform)
        }
    }

    /// What a stage starts from.
    ///
    /// - Throws: ``DockerfileError``.
    func base(of stage: Stage) throws -> StageBase {
        let expanded = try stage.expanded(with: scope.variables, by: scope.expander)
        let name = expanded.baseName
        // A number does not name a stage here, unlike in COPY --from.
        if let base = dockerfile.stage(name, before: stage.index), base.name == name.lowercased() {
            return .stage(base.index)
        }
        if name == "scratch" { return .scratch }
        return .image(
            ImageNeed(reference: try reference(name, lines: stage.lines), platform: try platform(of: stage)))
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
        if let source = dockerfile.stage(from, before: stage.index) { return .stage(source.index) }
        if let later = dockerfile.stage(from), later.name == from.lowercased() || Int(from) != nil {
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
