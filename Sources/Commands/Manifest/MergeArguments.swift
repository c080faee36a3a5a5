// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import Images
import OCI
import Registry
import Store

/// What a merge is made of: results of builds in files, and images wherever they are.
struct MergeArguments: Sendable {
    private enum Argument: Sendable {
        case result(file: String, FanInResult)
        case image(String, ImagePlace)
    }

    private var arguments: [Argument] = []
    /// Files of directories that are something else.
    private(set) var ignored: [String] = []

    /// - Throws: ``CommandError``, ``ImagesError``, ``OCIError``, ``StoreError``.
    init(_ texts: [String], in environment: Environment) throws {
        for text in texts {
            // A name without a tag looks like a file that is missing, and is one more often.
            let isFile = !text.contains { $0 == ":" || $0 == "@" } || Files.exists(environment.absolute(text))
            guard isFile else {
                arguments.append(.image(text, try ImagePlace(text, absolute: environment.absolute)))
                continue
            }
            let read = try FanInFiles([text], in: environment)
            ignored += read.ignored
            arguments += read.results.map { .result(file: $0.file, $0.result) }
        }
    }

    /// The registries that are named.
    var registries: [String] {
        arguments.flatMap { argument in
            switch argument {
            case .result(_, let result):
                (result.repositories + result.names).compactMap { try? Reference($0) }.map(\.registry)
            case .image(_, let place): place.registries
            }
        }
    }

    /// Looks at the images; of results it is known what they have.
    ///
    /// - Throws: ``CommandError``, and what reading an image throws.
    func inputs(_ access: ImageAccess) async throws -> [MergeInput] {
        var inputs: [MergeInput] = []
        for argument in arguments {
            switch argument {
            case .result(let file, let result): inputs.append(try Self.input(result, file, access))
            case .image(let title, let place):
                let source = ListSource(access.reader(of: place, by: .registry))
                inputs.append(MergeInput(title: title, parts: try await source.parts()))
            }
        }
        return inputs
    }

    private static func input(_ result: FanInResult, _ file: String, _ access: ImageAccess) throws -> MergeInput {
        let repositories: [Reference]
        do { repositories = try result.repositories.map { try Reference($0) } } catch {
            throw CommandError("\(file): \(error)", remedy: "build again; the file was altered")
        }
        guard !repositories.isEmpty, !result.images.isEmpty else {
            throw CommandError("\(file) names no image that was pushed", remedy: "build again")
        }
        let parts = result.images.map { image in
            let readers = repositories.map { repository in
                access.reader(of: .registry(repository.with(digest: image.descriptor.digest)), by: .registry)
            }
            return ListPart(
                ListEntry(asIs: image.descriptor), from: readers, title: "\(image.platform) of \(file)")
        }
        return MergeInput(
            title: file, parts: parts, names: result.names, annotations: result.annotations ?? [:])
    }
}
