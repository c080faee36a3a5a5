// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

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
        var traffic = Traffic()
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
    public typealias Fault = TestSupport.Fault.Action

    /// A request that came.
    public typealias Request = SeenRequest

    private init(host: String, isSecure: Bool) {
        self.host = host
        address = "\(isSecure ? "https" : "http")://\(host)"
    }

    /// The requests so far.
    public var requests: [Request] { state.withLock { $0.traffic.requests } }

    /// Forgets the requests so far.
    public func clearRequests() { state.withLock { $0.traffic.requests = [] } }

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
        let listener = try await LoopbackServer.http(certificate: certificate)
        let server = TestWebServer(host: listener.host, isSecure: certificate != nil)
        return try await listener.with(serve: { await TestConnection(server).serve($0) }) { try await body(server) }
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

extension TestWebServer: TestService {
    func begin(_ request: TestRequest) -> (index: Int, Fault?) {
        state.withLock { state in
            let (index, fault) = state.traffic.begin(request)
            guard fault == nil, state.pages[request.path]?.faults.isEmpty == false else { return (index, fault) }
            return (index, state.pages[request.path]?.faults.removeFirst())
        }
    }

    func respond(to request: TestRequest) -> TestResponse {
        var headers: [String: String] = [:]
        for (name, value) in request.headers { headers[name.lowercased()] = value }
        let page = state.withLock { $0.pages[request.path] }
        let answer = page.map { Self.answer($0, headers) } ?? file(request.path, headers)
        return TestResponse(answer.status, answer.headers, answer.content)
    }
}
