// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import Glibc
public import HTTP
import Layers
public import Remote
public import Store
public import SystemPackage

/// Where files of a build come from.
public enum ContextLocation: Sendable, Hashable {
    /// A directory of this machine.
    case directory(FilePath)
    /// Standard input: an archive, or a Dockerfile alone.
    case standardInput
    /// A git repository, or an archive or a Dockerfile alone at a web address.
    case remote(RemoteSource)
}

/// Where a Dockerfile is said to be.
public enum DockerfileLocation: Sendable, Hashable {
    /// Nothing is said.
    case standard
    /// A path as the user wrote it, and where it is from the working directory on. It is looked for in contexts that are
    /// no directories of this machine, unless it is absolute.
    case path(String, FilePath)
    case standardInput
    case web(WebURL)
}

/// A build context and its Dockerfile, on this machine.
public struct LoadedContext: Sendable {
    public var directory: ContextDirectory
    public var dockerfile: DockerfileOrigin
    /// The time of the commit that a repository was fetched at, in seconds since 1970.
    public var commitTime: Int64?
}

extension BuildRequest {
    /// Takes a context with its Dockerfile.
    public mutating func use(_ loaded: LoadedContext) {
        context = loaded.directory.path
        contextTitle = loaded.directory.title
        dockerfile = loaded.dockerfile
    }
}

/// Brings build contexts to this machine: what is no directory here becomes one in the store's scratch folder, which
/// goes with the process.
public struct ContextLoader: Sendable {
    let store: Store
    let input: FileDescriptor
    let network: NetworkAccess
    let events: EventRelay

    /// - Parameters:
    ///   - input: the standard input; read at most once.
    ///   - environment: the variables that say how the network is reached: proxies, certificates, ssh's agent.
    ///   - secrets: what servers want to see.
    ///   - events: is told what goes on.
    public init(
        store: Store, input: FileDescriptor = .standardInput, environment: [String: String] = [:],
        secrets: BuildSecrets = BuildSecrets(), events: EventRelay
    ) {
        self.store = store
        self.input = input
        self.network = NetworkAccess(environment: environment, secrets: secrets)
        self.events = events
    }

    /// Lets `body` load, and closes all connections however it ends.
    public func loading<Result: Sendable>(_ body: () async throws -> Result) async throws -> Result {
        try await network.during(body)
    }

    /// Loads the context that a command line names, and finds out where its Dockerfile is.
    ///
    /// - Throws: ``ContextError``, ``StoreError``; `CancellationError`.
    public func load(_ location: ContextLocation, dockerfile: DockerfileLocation) async throws -> LoadedContext {
        switch location {
        case .directory(let path):
            return LoadedContext(
                directory: ContextDirectory(path), dockerfile: try await origin(dockerfile, isLocal: true))
        case .standardInput:
            if dockerfile == .standardInput { throw ContextError.inputTwice }
            let head = try head(of: input)
            if Unpacker.isArchive(head) {
                let directory = try await unpack(input, head: head, title: Self.inputTitle)
                return LoadedContext(directory: directory, dockerfile: try await origin(dockerfile, isLocal: false))
            }
            guard dockerfile == .standard else { throw ContextError.noArchive(Self.inputTitle) }
            return try alone(text(of: input, head: head), title: Self.inputTitle)
        case .remote(.git(let source)):
            let checkout = try await checkOut(source)
            return LoadedContext(
                directory: ContextDirectory(checkout.directory, title: source.title),
                dockerfile: try await origin(dockerfile, isLocal: false), commitTime: checkout.commitTime)
        case .remote(.file(let url)):
            return try await withDownload(of: url) { file, head in
                if Unpacker.isArchive(head) {
                    let directory = try await unpack(file, head: [], title: url.redacted)
                    return LoadedContext(directory: directory, dockerfile: try await origin(dockerfile, isLocal: false))
                }
                guard dockerfile == .standard else { throw ContextError.noArchive(url.redacted) }
                return try alone(text(of: file, head: []), title: url.redacted)
            }
        }
    }

    static let inputTitle = "standard input"

    /// A Dockerfile without files.
    private func alone(_ text: [UInt8], title: String) throws -> LoadedContext {
        let directory = ContextDirectory(try store.scratch.newDirectory("context"), title: title)
        return LoadedContext(directory: directory, dockerfile: .text(text, name: title))
    }

    private func origin(_ location: DockerfileLocation, isLocal: Bool) async throws -> DockerfileOrigin {
        switch location {
        case .standard: return .standard
        case .path(let text, let path):
            guard isLocal || text.hasPrefix("/") else { return .inContext(text) }
            return try stream(path).map { .text($0, name: text) } ?? .file(path)
        case .standardInput:
            return .text(try text(of: input, head: head(of: input)), name: Self.inputTitle)
        case .web(let url):
            return try await withDownload(of: url) { file, _ in
                .text(try text(of: file, head: []), name: url.redacted)
            }
        }
    }

    // MARK: Streams

    /// Unpacks an archive into a directory of its own.
    func unpack(_ file: FileDescriptor, head: [UInt8], title: String) async throws -> ContextDirectory {
        let step = events.step("unpack the build context from \(title)")
        return try await events.perform(step) {
            let directory = try store.scratch.newDirectory("context")
            do { try Unpacker.unpack(archive: file, head: head, into: directory) } catch let error as LayersError {
                throw ContextError.badArchive(title, store.namingDisk(in: error))
            }
            return (ContextDirectory(directory, title: title), .done)
        }
    }

    /// The first bytes, 512 if there are so many; an error when there are none.
    func head(of file: FileDescriptor) throws -> [UInt8] {
        if isatty(file.rawValue) == 1 { throw ContextError.terminal }
        let head = try read(file, after: [], limit: 512, allowsMore: true)
        if head.isEmpty { throw ContextError.emptyInput }
        return head
    }

    /// What comes out of a pipe or a device, as a shell's `<(command)` and /dev/stdin are: it comes once, and a build
    /// looks into its Dockerfile several times. Nil when the path is none.
    private func stream(_ path: FilePath) throws -> [UInt8]? {
        var status = stat()
        guard stat(path.string, &status) == 0 else { return nil }
        guard [S_IFIFO, S_IFCHR, S_IFSOCK].contains(status.st_mode & S_IFMT) else { return nil }
        // Without waiting: a pipe that nobody writes to would keep an interruption waiting, too.
        let descriptor = open(path.string, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard descriptor >= 0 else {
            throw StoreError.file(operation: "open", path: path, errno: Errno(rawValue: errno))
        }
        let file = FileDescriptor(rawValue: descriptor)
        return try file.closeAfter {
            if isatty(descriptor) == 1 { throw ContextError.terminal }
            return try text(of: file, head: [])
        }
    }

    private func text(of file: FileDescriptor, head: [UInt8]) throws -> [UInt8] {
        try read(file, after: head, limit: ContextFile.limit, allowsMore: false)
    }

    private func read(
        _ file: FileDescriptor, after head: [UInt8], limit: Int, allowsMore: Bool
    ) throws -> [UInt8] {
        var bytes = head
        var buffer = [UInt8](repeating: 0, count: 64 << 10)
        while bytes.count < limit || !allowsMore {
            var request = pollfd(fd: file.rawValue, events: Int16(POLLIN), revents: 0)
            // Who writes may be slow; the build can be interrupted all the same.
            repeat { try Task.checkCancellation() } while poll(&request, 1, 100) == 0
            let room = allowsMore ? min(buffer.count, limit - bytes.count) : buffer.count
            let count = Glibc.read(file.rawValue, &buffer, room)
            if count == 0 { break }
            if count < 0 {
                if errno == EINTR || errno == EAGAIN { continue }
                throw ContextError.unreadableInput(Errno(rawValue: errno))
            }
            bytes += buffer[..<count]
            if bytes.count > limit { throw ContextError.longDockerfile(limit) }
        }
        return bytes
    }
}
