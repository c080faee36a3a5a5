// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

public import SystemPackage

/// Why a build context cannot be had.
public enum ContextError: Error, Sendable {
    /// Standard input should be the context and the Dockerfile.
    case inputTwice
    /// Standard input is a terminal.
    case terminal
    /// Nothing came from standard input.
    case emptyInput
    case unreadableInput(Errno)
    /// A Dockerfile was named for something that is a Dockerfile itself.
    case noArchive(String)
    /// An archive is damaged, hostile or cannot be unpacked here.
    case badArchive(String, any Error)
    /// A text is too long to be a Dockerfile.
    case longDockerfile(Int)
    /// The value of --build-context.
    case badName(String, reason: String, remedy: String?)
}

extension ContextError: CustomStringConvertible {
    public var description: String {
        switch self {
        case .inputTwice: "standard input cannot be both the build context and the Dockerfile"
        case .terminal: "nothing can be read from standard input: it is a terminal"
        case .emptyInput: "nothing came from standard input"
        case .unreadableInput(let errno): "cannot read standard input: \(errno)"
        case .noArchive(let title):
            "--file names a Dockerfile, but \(title) is no archive and so a Dockerfile itself"
        case .badArchive(let title, let reason): "cannot unpack the build context from \(title): \(reason)"
        case .longDockerfile(let limit): "the Dockerfile has more than \(limit >> 20) MiB"
        case .badName(let value, let reason, _): "--build-context \(value): \(reason)"
        }
    }

    /// What to do about it.
    public var remedy: String? {
        switch self {
        case .inputTwice: "put the Dockerfile into the archive, or name the context by its path"
        case .terminal, .emptyInput:
            "send a Dockerfile or an archive, as in: tar -c . | manifold build -; or name the context by its path"
        case .noArchive: "leave out --file, or send an archive that has the Dockerfile in it"
        case .badArchive(_, let reason): Remedy.of(reason)
        case .badName(_, _, let remedy): remedy
        case .unreadableInput, .longDockerfile: nil
        }
    }
}
