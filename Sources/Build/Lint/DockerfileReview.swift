// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

package import Dockerfile
package import OCI

/// The linter with all that a build knows of its Dockerfile.
package struct DockerfileReview: Sendable {
    private let linter: Linter
    private let dockerfile: Dockerfile
    private var context = LintContext()
    private let fileName: String

    /// - Parameter ignore: what the build context leaves out.
    /// - Throws: ``DockerfileError`` when it cannot be read which rules are to run.
    package init(
        _ dockerfile: Dockerfile, request: BuildRequest, host: Platform = .host, ignore: IgnorePatterns?,
        fileName: String = "Dockerfile"
    ) throws {
        self.dockerfile = dockerfile
        self.fileName = fileName
        linter = try Linter(dockerfile, buildValue: request.buildArguments["BUILDKIT_DOCKERFILE_CHECK"])
        context.stages = request.target == nil ? .all : .needed(by: request.target)
        for (name, value) in request.buildArguments { context.buildArguments[name] = value }
        context.platforms = request.platforms
        context.buildPlatform = host
        context.ignorePatterns = ignore
    }

    /// What is to be said of the file as a whole; without a target of all its stages.
    package func findings() -> LintReport { linter.report(context, fileName: fileName) }

    /// What is to be said of the stages that a build of `target` needs, each thing once for all platforms.
    ///
    /// - Parameter bases: the base images as far as they are known.
    func findings(of target: Stage, bases: [ImageNeed: BaseImage], _ resolvers: [NameResolver]) -> LintReport {
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
}

extension LintContext.BaseImage {
    fileprivate init(_ image: BaseImage, for platform: Platform) {
        let config = image.config.config
        self.init(
            expected: platform, actual: image.platform, environment: config?.env ?? [],
            shell: config?.shell ?? [])
    }
}

extension BuildWarning {
    /// What a build says of something that the linter found.
    init(_ finding: LintFinding) {
        self.init(
            finding.message, line: finding.firstLine, rule: Rule(name: finding.rule, page: finding.url))
    }
}
