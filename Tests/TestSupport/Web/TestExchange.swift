// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import NIOHTTP1

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

/// A request that came.
public struct SeenRequest: Hashable, Sendable, CustomStringConvertible {
    /// The HTTP method.
    public var method: String
    /// Path and query.
    public var target: String
    /// The headers; the last of each name, in lower case.
    public var headers: [String: String]
    /// How many bytes of body have come.
    public var bodySize: Int

    public var description: String { "\(method) \(target)" }
}

/// What a server has seen, and how it is to misbehave.
struct Traffic: Sendable {
    var requests: [SeenRequest] = []
    var faults: [Fault] = []
    /// How many bytes of answers the network has taken.
    var bytesSent = 0

    /// Notes a request and finds the fault that it meets.
    mutating func begin(_ request: TestRequest) -> (index: Int, Fault.Action?) {
        var headers: [String: String] = [:]
        for (name, value) in request.headers { headers[name.lowercased()] = value }
        requests.append(SeenRequest(method: request.method, target: request.target, headers: headers, bodySize: 0))
        for index in faults.indices where faults[index].times > 0 && faults[index].isFor(request) {
            if faults[index].skip > 0 {
                faults[index].skip -= 1
                continue
            }
            if faults[index].times < .max { faults[index].times -= 1 }
            faults[index].count += 1
            return (requests.count - 1, faults[index].action)
        }
        return (requests.count - 1, nil)
    }
}
