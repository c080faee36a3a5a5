// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import NIOCore
import NIOHTTP1
import NIOPosix
import NIOSSL
import Synchronization
public import SystemPackage

/// A web server inside the test process, on a free loopback port, that knows versions and ranges of files and can be
/// told to misbehave.
public final class TestWebServer: Sendable {
    /// `127.0.0.1:port`
    public let host: String
    /// `http://127.0.0.1:port`, or with https.
    public let address: String

    private let state = Mutex(State())

    private struct State {
        var pages: [String: Page] = [:]
        var folders: [(prefix: String, directory: FilePath, authorization: String?)] = []
        var requests: [Request] = []
    }

    /// Something that can be asked for.
    public struct Page: Sendable {
        public var content: [UInt8]
        public var status = 200
        public var headers: [String: String]
        /// What is wrong with the next so many answers, one after the other.
        public var faults: [Fault]

        public init(
            _ content: [UInt8] = [], status: Int = 200, headers: [String: String] = [:], faults: [Fault] = []
        ) {
            self.content = content
            self.status = status
            self.headers = headers
            self.faults = faults
        }

        public init(_ text: String, headers: [String: String] = [:], faults: [Fault] = []) {
            self.init(Array(text.utf8), headers: headers, faults: faults)
        }
    }

    /// What may be wrong with an answer.
    public enum Fault: Sendable {
        case status(Int, headers: [String: String] = [:])
        /// The connection ends after so many bytes of the content.
        case dropBody(afterBytes: Int)
        case delay(Duration)
    }

    /// A request that came.
    public struct Request: Sendable, CustomStringConvertible {
        public var method: String
        public var target: String
        /// In lower case.
        public var headers: [String: String]
        public var description: String { "\(method) \(target)" }
    }

    private init(port: Int, isSecure: Bool) {
        host = "127.0.0.1:\(port)"
        address = "\(isSecure ? "https" : "http")://\(host)"
    }

    /// The requests so far.
    public var requests: [Request] { state.withLock { $0.requests } }

    /// Forgets the requests so far.
    public func clearRequests() { state.withLock { $0.requests = [] } }

    /// What is at a path; nil for status 404.
    public subscript(path: String) -> Page? {
        get { state.withLock { $0.pages[path] } }
        set { state.withLock { $0.pages[path] = newValue } }
    }

    /// Serves the files of a directory below a path.
    ///
    /// - Parameter authorization: the header that requests must have.
    public func serve(_ directory: FilePath, at prefix: String, authorization: String? = nil) {
        state.withLock { $0.folders.append((prefix, directory, authorization)) }
    }

    /// Runs a server as long as `body` runs.
    public static func with<Result: Sendable>(
        certificate: TestCertificate? = nil, _ body: (TestWebServer) async throws -> Result
    ) async throws -> Result {
        let context = try certificate.map { certificate in
            try NIOSSLContext(
                configuration: .makeServerConfiguration(
                    certificateChain: NIOSSLCertificate.fromPEMFile(certificate.certificate.string).map {
                        .certificate($0)
                    },
                    privateKey: .privateKey(NIOSSLPrivateKey(file: certificate.key.string, format: .pem))))
        }
        let listener = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .bind(host: "127.0.0.1", port: 0) { channel in
                channel.eventLoop.makeCompletedFuture {
                    if let context {
                        try channel.pipeline.syncOperations.addHandler(NIOSSLServerHandler(context: context))
                    }
                    try channel.pipeline.syncOperations.configureHTTPServerPipeline()
                    try channel.pipeline.syncOperations.addHandler(ResponsePartHandler())
                    return try NIOAsyncChannel<HTTPServerRequestPart, ResponsePart>(
                        wrappingChannelSynchronously: channel)
                }
            }
        let server = TestWebServer(port: listener.channel.localAddress?.port ?? 0, isSecure: certificate != nil)
        return try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                try await withThrowingDiscardingTaskGroup { connections in
                    try await listener.executeThenClose { clients in
                        for try await client in clients {
                            connections.addTask { await server.serve(client) }
                        }
                    }
                }
            }
            defer { group.cancelAll() }
            return try await body(server)
        }
    }

    private struct Hangup: Error {}

    /// Answers requests until one side has enough. However it ends, that is the client's problem, as in real life.
    private func serve(_ channel: NIOAsyncChannel<HTTPServerRequestPart, ResponsePart>) async {
        try? await channel.executeThenClose { inbound, _ in
            for try await part in inbound {
                guard case .head(let head) = part else { continue }
                try await answer(head, to: channel.channel)
            }
        }
    }

    private func answer(_ head: HTTPRequestHead, to channel: any Channel) async throws {
        var headers: [String: String] = [:]
        for (name, value) in head.headers { headers[name.lowercased()] = value }
        let path = String(head.uri.prefix { $0 != "?" })
        let (page, fault) = state.withLock { state -> (Page?, Fault?) in
            state.requests.append(Request(method: head.method.rawValue, target: head.uri, headers: headers))
            guard state.pages[path]?.faults.isEmpty == false else { return (state.pages[path], nil) }
            return (state.pages[path], state.pages[path]?.faults.removeFirst())
        }
        var limit = Int.max
        var answer = page.map { Self.answer($0, headers) } ?? file(path, headers)
        switch fault {
        case .status(let status, let headers)?: answer = Page(status: status, headers: headers)
        case .dropBody(let bytes)?: limit = bytes
        case .delay(let time)?: try await Task.sleep(for: time)
        case nil: break
        }
        var response = HTTPResponseHead(version: .http1_1, status: .init(statusCode: answer.status))
        for (name, value) in answer.headers { response.headers.add(name: name, value: value) }
        if answer.status != 304 { response.headers.add(name: "Content-Length", value: "\(answer.content.count)") }
        try await channel.writeAndFlush(ResponsePart.head(response))
        let body = head.method == .HEAD ? [] : answer.content.prefix(limit)
        if !body.isEmpty { try await channel.writeAndFlush(ResponsePart.body(ByteBuffer(bytes: body))) }
        if body.count < answer.content.count, head.method != .HEAD { throw Hangup() }
        try await channel.writeAndFlush(ResponsePart.end(nil))
    }

    /// Conditions and ranges, as RFC 9110 §13 and §14 have them.
    private static func answer(_ page: Page, _ request: [String: String]) -> Page {
        var page = page
        let (tag, date) = (page.headers["ETag"], page.headers["Last-Modified"])
        if let asked = request["if-none-match"] {
            if asked == tag { return Page(status: 304, headers: page.headers) }
        } else if let asked = request["if-modified-since"], asked == date {
            return Page(status: 304, headers: page.headers)
        }
        if let range = request["range"], range.hasPrefix("bytes="), range.hasSuffix("-"),
            let first = Int(range.dropFirst(6).dropLast()), first < page.content.count,
            request["if-range"].map({ $0 == tag || $0 == date }) ?? true
        {
            page.headers["Content-Range"] = "bytes \(first)-\(page.content.count - 1)/\(page.content.count)"
            page.content = Array(page.content[first...])
            page.status = 206
        }
        return page
    }

    private func file(_ path: String, _ request: [String: String]) -> Page {
        for folder in state.withLock({ $0.folders }) where path.hasPrefix(folder.prefix) && !path.contains("..") {
            if let wanted = folder.authorization, request["authorization"] != wanted { return Page(status: 401) }
            let file = FilePath(folder.directory.string + "/" + path.dropFirst(folder.prefix.count))
            if let content = try? TestDirectory.read(file) { return Page(content) }
        }
        return Page(status: 404)
    }
}
