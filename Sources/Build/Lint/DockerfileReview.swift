// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

package import Dockerfile
package import OCI

/// A Dockerfile with all that a build knows of it, looked at without building.
package struct DockerfileReview: Sendable {
    /// The stage that is asked for.
    package let target: Stage
    private let dockerfile: Dockerfile
    private let linter: Linter
    private let request: BuildRequest
    private let fileName: String
    private var context = LintContext()

    /// - Parameter ignore: what the build context leaves out.
    /// - Throws: ``DockerfileError`` when it cannot be read which rules are to run, ``BuildError``.
    package init(
        _ dockerfile: Dockerfile, request: BuildRequest, host: Platform = .host, ignore: IgnorePatterns?,
        fileName: String
    ) throws {
        self.dockerfile = dockerfile
        self.request = request
        self.fileName = fileName
        target = try dockerfile.target(request)
        linter = try Linter(dockerfile, buildValue: request.buildArguments["BUILDKIT_DOCKERFILE_CHECK"])
        for (name, value) in request.buildArguments { context.buildArguments[name] = value }
        context.platforms = request.platforms
        context.buildPlatform = host
        context.ignorePatterns = ignore
        context.namedContexts = Set(request.contexts.map(\.name))
    }

    /// What is to be said of the stages that are asked for, all of them when none is named; no base is looked at.
    package func check() -> LintReport {
        var context = context
        context.stages = request.target == nil ? .all : .needed(by: String(target.index))
        var report = linter.report(context, fileName: fileName)
        do { try checkNames() } catch { report.error = error as? DockerfileError }
        return report
    }

    /// What a build of the target can be given.
    package func outline() -> BuildOutline { BuildOutline(dockerfile, target: target, context: context) }

    /// What can be built.
    package func targets() -> TargetList { TargetList(dockerfile) }

    /// What is to be said of the stages that a build of the target needs, each thing once for all platforms.
    ///
    /// - Parameter bases: the base images as far as they are known.
    func findings(bases: [ImageNeed: BaseImage], _ resolvers: [NameResolver]) -> LintReport {
        var context = context
        context.stages = .needed(by: String(target.index))
        for resolver in resolvers {
            for index in NeededStages(target, resolver: resolver, bases: bases).indices {
                guard case .image(let need) = try? resolver.base(of: dockerfile.stages[index]), let image = bases[need]
                else { continue }
                context.baseImages[index, default: []].append(LintContext.BaseImage(image, for: need.platform))
            }
        }
        return linter.report(context, fileName: fileName)
    }

    /// Looks at what needs no base: whether every name that the target needs stands for something.
    private func checkNames() throws {
        let resolvers = try request.platforms.map {
            try NameResolver(dockerfile, request: request, host: context.buildPlatform, target: $0)
        }
        _ = try ImageNeeds(dockerfile, target: target, resolvers: resolvers, resolved: [:])
    }
}

extension Dockerfile {
    /// The stage that a request asks for.
    ///
    /// - Throws: ``BuildError/unknownTarget(_:stages:)``.
    func target(_ request: BuildRequest) throws -> Stage {
        guard let name = request.target else { return stages[stages.count - 1] }
        guard let stage = stage(name) else {
            throw BuildError.unknownTarget(name, stages: stages.compactMap(\.name))
        }
        return stage
    }
}

extension LintContext.BaseImage {
    fileprivate init(_ image: BaseImage, for platform: Platform) {
        let config = image.config.config
        self.init(
            expected: platform, actual: image.platform, environment: config?.env ?? [], shell: config?.shell ?? [])
    }
}

extension BuildWarning {
    /// What a build says of something that the linter found.
    init(_ finding: LintFinding) {
        self.init(
            finding.message, line: finding.firstLine, rule: Rule(name: finding.rule, page: finding.url))
    }
}
