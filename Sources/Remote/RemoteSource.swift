// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

public import HTTP

/// Something that is not in the build context but elsewhere on the network: what an ADD source, a build context or a
/// named context may be instead of a path.
///
/// There is one classification for all of them (BuildKit's dfgitutil.ParseGitRef and isHTTPSource).
public enum RemoteSource: Hashable, Sendable {
    /// A git repository at some reference.
    case git(GitSource)
    /// A file at an http or https address.
    case file(WebURL)

    /// Whether `github.com/owner/repository` is a repository, which could as well be a path.
    public enum Shorthand: Sendable {
        /// It is, as for build contexts.
        case accepted
        /// It is a path, as in ADD.
        case refused
    }

    /// Tells a git repository and a web address from a path; nil for a path.
    ///
    /// - Throws: ``RemoteError`` of kind ``RemoteError/Kind/malformedSource`` for what is clearly one of the two but
    ///   cannot be understood.
    public init?(_ text: String, shorthand: Shorthand = .refused) throws(RemoteError) {
        if text.hasPrefix("./") || text.hasPrefix("../") || text.hasPrefix("/") { return nil }
        if let git = try GitSource(text, shorthand: shorthand) {
            self = .git(git)
            return
        }
        guard let scheme = WebURL.scheme(of: text), scheme == "http" || scheme == "https" else { return nil }
        guard let url = WebURL(text) else {
            throw RemoteError(
                .malformedSource, subject: text.withoutPassword, detail: "it is no well-formed web address")
        }
        self = .file(url)
    }

    /// How the source is called in messages: never with a password.
    public var redacted: String {
        switch self {
        case .git(let source): source.redacted
        case .file(let url): url.redacted
        }
    }
}
