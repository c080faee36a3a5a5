// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

/// What COPY and ADD have in common: files from somewhere to one place in the image.
public struct Transfer: Hashable, Sendable {
    /// A file whose content stands in the Dockerfile: `COPY <<NAME /path`. Mode 0644, owner 0:0.
    public struct InlineFile: Hashable, Sendable {
        public var name: String
        public var content: String
        /// Whether variables in the content are expanded.
        public var expands: Bool

        public init(name: String, content: String, expands: Bool) {
            self.name = name
            self.content = content
            self.expands = expands
        }
    }

    /// Paths or patterns (see ``PathPattern``), in order; for ADD also URLs and git repositories.
    public var sources: [String]
    public var inlineFiles: [InlineFile]
    /// Where it goes; a slash at the end says that it is a directory.
    public var destination: String
    /// `--chown`: `user[:group]`, names or numbers.
    public var chown: String?
    /// `--chmod` as written; see ``modeChange()``.
    public var chmod: String?
    /// `--link`: the layer does not depend on what is below it.
    public var link: Bool
    /// `--exclude` patterns, relative to each source; never expanded.
    public var excludes: [String]

    static let flags: [FlagReader.Known] = [
        .string("chown"), .string("chmod"), .bool("link"), .strings("exclude"),
    ]

    init(_ node: Node, _ flags: FlagReader) throws(DockerfileError) {
        let keyword = node.keyword.uppercased()
        guard node.words.count >= 2, let destination = node.words.last else {
            throw DockerfileError(
                node.words.isEmpty
                    ? "\(keyword) requires at least two arguments"
                    : "\(keyword) requires at least two arguments, but only one was provided. "
                        + "Destination could not be determined",
                culprit: node.words.first ?? node.keyword)
        }
        if (try? Heredoc(word: destination)) != nil {
            throw DockerfileError("\(keyword) cannot accept a heredoc as a destination", culprit: destination)
        }
        self.destination = destination
        sources = []
        inlineFiles = []
        for source in node.words.dropLast() {
            guard !node.isJSON, let word = try? Heredoc(word: source),
                let heredoc = node.heredocs.last(where: { $0.name == word.name })
            else {
                sources.append(source)
                continue
            }
            inlineFiles.append(
                InlineFile(name: heredoc.name, content: heredoc.content, expands: heredoc.expands))
        }
        chown = flags.string("chown")
        chmod = flags.string("chmod")
        link = flags.bool("link")
        excludes = flags.strings("exclude")
        // What holds a variable can be judged only once that is known.
        if let chmod, !chmod.contains("$") { _ = try ModeChange(chmod) }
        _ = try IgnorePatterns(excludes)
    }

    /// What `--chmod` asks for.
    public func modeChange() throws(DockerfileError) -> ModeChange? {
        guard let chmod, !chmod.isEmpty else { return nil }
        return try ModeChange(chmod)
    }
}

/// COPY.
public struct Copy: Hashable, Sendable {
    public var transfer: Transfer
    /// `--from`: a stage by name or index, an image or a named context; never expanded. Nil: the build context.
    public var from: String?
    /// `--parents`: keep the directories of each source, from `/./` on when it has one.
    public var parents: Bool

    init(_ node: Node) throws(DockerfileError) {
        let flags = try FlagReader(node, Transfer.flags + [.string("from"), .bool("parents")])
        transfer = try Transfer(node, flags)
        from = flags.string("from")
        parents = flags.bool("parents")
    }
}

/// ADD.
public struct Add: Hashable, Sendable {
    public var transfer: Transfer
    /// `--checksum`: the digest of the one remote source, or its git commit.
    public var checksum: String?
    /// `--keep-git-dir`; nil when not said.
    public var keepGitDirectory: Bool?
    /// `--unpack`: nil unpacks local archives only.
    public var unpack: Bool?

    init(_ node: Node) throws(DockerfileError) {
        let flags = try FlagReader(
            node, Transfer.flags + [.string("checksum"), .bool("keep-git-dir"), .bool("unpack")])
        transfer = try Transfer(node, flags)
        checksum = flags.string("checksum")
        keepGitDirectory = flags.optionalBool("keep-git-dir")
        unpack = flags.optionalBool("unpack")
    }
}
