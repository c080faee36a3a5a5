// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import NIOHTTP1
import OCI

/// A request with its body.
struct TestRequest: Sendable {
    var method = ""
    var target = ""
    var headers = HTTPHeaders()
    var body: [UInt8] = []

    init() {}

    init(_ head: HTTPRequestHead) {
        method = head.method.rawValue
        target = head.uri
        headers = head.headers
    }

    var path: String { String(target.prefix { $0 != "?" }) }

    /// The parameters of the query, or of a form in the body.
    var parameters: [(name: String, value: String)] {
        let form = method == "POST" && path == "/token" ? String(decoding: body, as: UTF8.self) : ""
        let query = target.drop { $0 != "?" }.dropFirst()
        return (query + "&" + form).split(separator: "&").map { pair in
            let parts = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            return (Self.unescape(parts[0]), parts.count > 1 ? Self.unescape(parts[1]) : "")
        }
    }

    func parameter(_ name: String) -> String? { parameters.first { $0.name == name }?.value }

    private static func unescape(_ text: Substring) -> String {
        var bytes: [UInt8] = []
        var rest = Array(text.utf8)[...]
        while let byte = rest.popFirst() {
            if byte == UInt8(ascii: "%"), rest.count >= 2,
                let value = UInt8(String(decoding: rest.prefix(2), as: UTF8.self), radix: 16)
            {
                bytes.append(value)
                rest = rest.dropFirst(2)
            } else {
                bytes.append(byte)
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}

/// An answer.
struct TestResponse: Sendable {
    var status: Int
    var headers: [String: String]
    var body: [UInt8]

    init(_ status: Int, _ headers: [String: String] = [:], _ body: [UInt8] = []) {
        self.status = status
        self.headers = headers
        self.body = body
    }

    /// An error as the distribution specification words it.
    static func error(_ status: Int, _ code: String, _ headers: [String: String] = [:]) -> TestResponse {
        let body = #"{"errors":[{"code":"\#(code)","message":"the test registry says no"}]}"#
        return TestResponse(status, headers.merging(["Content-Type": "application/json"]) { $1 }, Array(body.utf8))
    }

    mutating func change(lengthBy difference: Int) {
        if difference < 0 {
            body.removeLast(min(body.count, -difference))
        } else {
            body += [UInt8](repeating: 32, count: difference)
        }
    }
}

/// What a ``TestRegistry`` holds and has seen.
struct TestRegistryState: Sendable {
    struct Repository: Sendable {
        var manifests: [String: (type: String, bytes: [UInt8])] = [:]
        var blobs: Set<String> = []
    }

    /// A blob on its way.
    struct Upload: Sendable {
        var repository: String
        var bytes: [UInt8] = []
    }

    let base: String
    let authentication: TestRegistry.Authentication
    var repositories: [String: Repository] = [:]
    var blobs: [String: [UInt8]] = [:]
    var uploads: [String: Upload] = [:]
    var missing: Set<TestRegistry.Ability> = []
    var nextUpload = 1
    var faults: [Fault] = []
    var requests: [TestRegistry.Request] = []
    var bytesSent = 0
    /// What tokens allow, as "repository:action".
    var tokens: [String: Set<String>] = [:]
    var nextToken = 1

    init(base: String, authentication: TestRegistry.Authentication) {
        self.base = base
        self.authentication = authentication
    }

    /// Notes a request and finds the fault that it meets.
    mutating func begin(_ request: TestRequest) -> (index: Int, Fault.Action?) {
        var headers: [String: String] = [:]
        for (name, value) in request.headers { headers[name.lowercased()] = value }
        requests.append(.init(method: request.method, target: request.target, headers: headers, bodySize: 0))
        for index in faults.indices {
            let fault = faults[index]
            guard fault.times > 0, fault.method == nil || fault.method == request.method,
                fault.path.isEmpty || request.target.contains(fault.path)
            else { continue }
            if fault.skip > 0 {
                faults[index].skip -= 1
                continue
            }
            if fault.times < .max { faults[index].times -= 1 }
            return (requests.count - 1, fault.action)
        }
        return (requests.count - 1, nil)
    }

    mutating func put(blob: [UInt8], digest: String, in repository: String) {
        blobs[digest] = blob
        repositories[repository, default: Repository()].blobs.insert(digest)
    }

    mutating func put(manifest: [UInt8], type: String, in repository: String, names: [String]) {
        for name in names { repositories[repository, default: Repository()].manifests[name] = (type, manifest) }
    }
}
