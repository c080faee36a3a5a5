// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import ArgumentParser
import Images
import OCI
import Registry
import Store

/// What of the sources of a list is wanted.
struct ListSourceOptions: ParsableArguments {
    @Option(
        name: [.customLong("platform"), .customLong("platform-filter")],
        help: ArgumentHelp(
            "Of sources that are lists take only the images that these platforms get, separated by commas; may be "
                + "repeated.", valueName: "platforms"))
    var platforms: [String] = []

    @Option(
        name: .customLong("attestations"),
        help: ArgumentHelp(
            "What becomes of what says how an image was made (provenance, SBOM): keep or drop.", valueName: "keep|drop")
    )
    var attestations: AttestationWord = .keep

    /// The sources in the words of the command line.
    ///
    /// - Throws: ``CommandError``, ``OCIError``, ``ImagesError``.
    func sources(_ texts: [String], in environment: Environment) throws -> [NamedSource] {
        let platforms = try PlatformWords.list(platforms)
        return try texts.map { text in
            var place = text
            var given: GivenPlatform?
            if let equals = text.lastIndex(of: "="), !Files.exists(environment.absolute(text)) {
                let word = String(text[text.index(after: equals)...])
                guard !word.isEmpty else {
                    throw CommandError("\(text): the platform is missing", remedy: "write it as in \(text)linux/arm/v6")
                }
                given = try GivenPlatform(word)
                place = String(text[..<equals])
            }
            return NamedSource(
                place: try ImagePlace(place, absolute: environment.absolute), given: given, platforms: platforms,
                attestations: attestations.policy)
        }
    }
}

/// The values of `--attestations`.
enum AttestationWord: String, ExpressibleByArgument {
    case keep, drop

    var policy: AttestationPolicy { self == .keep ? .keep : .drop }
}

/// A source of a list before anybody has looked at it.
struct NamedSource: Sendable {
    let place: ImagePlace
    let given: GivenPlatform?
    let platforms: [Platform]
    let attestations: AttestationPolicy

    /// Looks at it.
    ///
    /// - Parameter registries: those that the list goes to, which are asked themselves and not their mirrors.
    func parts(_ access: ImageAccess, asking registries: [String]) async throws -> [ListPart] {
        let authority: RegistryClient.Authority =
            place.registries.contains(where: registries.contains) ? .registry : .mirrors
        let reader = access.reader(of: place, by: authority)
        let source = ListSource(reader, as: given, platforms: platforms, attestations: attestations)
        do { return try await source.parts() } catch var error as RegistryError {
            if case .registry(let name) = place, (try? access.store.image(named: name)) != nil {
                error.hint = "there is an image of this name in the store, which is meant by store:\(name.familiar)"
            }
            throw error
        }
    }
}

extension ListWork {
    /// Looks at all sources.
    func parts(_ sources: [NamedSource], asking registries: [String]) async throws -> [ListPart] {
        var parts: [ListPart] = []
        for source in sources { parts += try await source.parts(access, asking: registries) }
        return parts
    }
}
