// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

package import Dockerfile
import OCI

/// Resolves every base for every platform before anything runs; what is not to be had is one error.
package struct BaseResolver {
    let dockerfile: Dockerfile
    let source: any ImageSource
    let events: EventRelay

    package init(dockerfile: Dockerfile, source: any ImageSource, events: EventRelay) {
        self.dockerfile = dockerfile
        self.source = source
        self.events = events
    }

    /// - Throws: ``BuildError/unavailableBases(_:)``, ``DockerfileError``.
    package func resolve(_ target: Stage, resolvers: [NameResolver]) async throws -> [ImageNeed: BaseImage] {
        var outcomes = PlatformOutcomes(resolvers.map(\.target))
        return try await resolve(target, resolvers: resolvers, outcomes: &outcomes)
    }

    /// The bases of the platforms that remain; one that lacks a base fails.
    ///
    /// - Throws: ``BuildError/unavailableBases(_:)`` with all that is missing, ``DockerfileError``.
    func resolve(
        _ target: Stage, resolvers: [NameResolver], outcomes: inout PlatformOutcomes
    ) async throws -> [ImageNeed: BaseImage] {
        var resolved: [ImageNeed: BaseImage] = [:]
        while true {
            let resolvers = resolvers.filter { outcomes.remaining.contains($0.target) }
            // ONBUILD triggers of what was found may ask for more.
            let needs = try ImageNeeds(dockerfile, target: target, resolvers: resolvers, resolved: resolved).missing
            if needs.isEmpty { return resolved }
            var unavailable: [UnavailableBase] = []
            for answer in try await answers(to: needs) {
                switch answer.result {
                case .success(.found(let image)):
                    resolved[answer.need] = image
                    note(image, for: answer.need, line: answer.line)
                case .success(.lacking(let available)):
                    unavailable.append(
                        UnavailableBase(
                            reference: answer.need.reference, platform: answer.need.platform, available: available,
                            line: answer.line))
                case .failure(let failure):
                    unavailable.append(
                        UnavailableBase(
                            reference: answer.need.reference, platform: answer.need.platform, available: [],
                            reason: failure.reason, remedy: failure.remedy, line: answer.line))
                }
            }
            guard !unavailable.isEmpty else { continue }
            let lacking = try resolvers.map { resolver in
                let needs = try ImageNeeds(dockerfile, target: target, resolvers: [resolver], resolved: resolved)
                let missing = Set(needs.missing.map(\.need))
                return (resolver.target, unavailable.filter { missing.contains($0.need) })
            }.filter { !$0.1.isEmpty }
            guard lacking.allSatisfy({ outcomes.policy.goesOn(without: $0.0) }) else {
                throw BuildError.unavailableBases(unavailable)
            }
            for (platform, bases) in lacking {
                try outcomes.fail([platform], with: BuildError.unavailableBases(bases))
            }
        }
    }

    private struct Answer {
        var need: ImageNeed
        var line: Int
        var result: Result<BaseResolution, Failure>
    }

    private struct Failure: Error {
        var reason: String
        var remedy: String?
    }

    private func answers(to needs: [(need: ImageNeed, line: Int)]) async throws -> [Answer] {
        let byReference = Dictionary(grouping: needs, by: \.need.reference)
        let answers = try await withThrowingTaskGroup(of: [Answer].self) { group in
            for (reference, needs) in byReference {
                group.addTask {
                    do {
                        let platforms = needs.map(\.need.platform)
                        let step = events.step(
                            "resolve \(reference.familiar)", platforms: platforms,
                            lines: needs.first.map { $0.line...$0.line })
                        let found = try await events.perform(step) {
                            (try await source.resolve(reference, for: platforms), .done)
                        }
                        return needs.map { need, line in
                            Answer(
                                need: need, line: line,
                                result: .success(found[need.platform] ?? .lacking(available: [])))
                        }
                    } catch is CancellationError {
                        throw CancellationError()
                    } catch {
                        let failure = Failure(
                            reason: "\(error)", remedy: stageHint(for: reference) ?? Remedy.of(error))
                        return needs.map { Answer(need: $0.need, line: $0.line, result: .failure(failure)) }
                    }
                }
            }
            return try await group.reduce(into: []) { $0 += $1 }
        }
        let order = Dictionary(uniqueKeysWithValues: needs.enumerated().map { ($1.need, $0) })
        return answers.sorted { (order[$0.need] ?? 0) < (order[$1.need] ?? 0) }
    }

    /// What helps when the name of a stage was mistyped, and so taken for that of an image.
    private func stageHint(for reference: Reference) -> String? {
        let names = dockerfile.stages.compactMap(\.name)
        let prefix = "library/"
        guard reference.registry == "docker.io", reference.repository.hasPrefix(prefix), reference.digest == nil,
            reference.tag == nil || reference.tag == "latest",
            let near = Spelling.nearest(to: String(reference.repository.dropFirst(prefix.count)), among: names)
        else { return nil }
        return "no stage has that name; did you mean \"\(near)\"?"
    }

    private func note(_ image: BaseImage, for need: ImageNeed, line: Int) {
        guard image.platform.variant != need.platform.variant else { return }
        events.warn(
            BuildWarning(
                "\(need.reference.familiar) has no image for \(need.platform); its image for \(image.platform) is used",
                line: line))
    }
}

extension UnavailableBase {
    fileprivate var need: ImageNeed { ImageNeed(reference: reference, platform: platform) }
}
