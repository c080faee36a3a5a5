// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

/// A way in which a server of the tests misbehaves, with which requests, and how often.
public struct Fault: Sendable {
    /// What happens.
    public enum Action: Sendable {
        /// An answer with this status in place of the right one; the request has no effect.
        case status(Int, headers: [String: String] = [:], body: String = "")
        /// The connection ends when so many bytes of the request's body have come; 0 is as soon as the head has come.
        case dropRequest(afterBytes: Int)
        /// The request takes effect, and the connection ends in place of an answer.
        case dropAnswer
        /// The connection ends after so many bytes of the answer's body.
        case dropBody(afterBytes: Int)
        /// The first byte of the answer's body is another.
        case wrongByte
        /// The first byte of the request's body is another.
        case wrongRequestByte
        /// So many bytes too many (or, when negative, too few) in the answer's body, as announced in its head.
        case length(by: Int)
        /// As ``length(by:)``, but in chunks, so that the head announces nothing.
        case chunked(by: Int)
        /// The answer comes so much later.
        case delay(Duration)
        /// The answer's body comes in pieces of so many bytes, with a pause of a millisecond after each.
        case trickle(bytes: Int)
        /// Nothing is read for so long.
        case stopReading(Duration)
        /// The answer lacks a header.
        case without(header: String)
        /// The answer has another value in a header.
        case header(String, String)
        /// An error with this status that repeats what the client showed of itself.
        case repeatingSecrets(Int)
        /// The answer lies at the same place with this query, which is a signature.
        case signedRedirect(query: String)
        /// The request is treated as if it had no authorization, as one whose token has expired.
        case unauthorized
        /// The request is to be sent to the same path of another host.
        case redirect(to: String)
        /// The bytes of the answer are no HTTP.
        case garbage
    }

    var action: Action
    var method: String?
    var path: String
    var skip: Int
    var times: Int
    /// How often it has happened.
    var count = 0

    /// Describes a fault.
    ///
    /// - Parameters:
    ///   - action: What happens.
    ///   - method: Only with requests of this method.
    ///   - path: Only with requests whose path and query contain this; the whole must be `/v2/` to be for that alone.
    ///   - skip: So many such requests are answered properly first.
    ///   - times: How many such requests it happens to; `.max` is all.
    public init(_ action: Action, method: String? = nil, path: String = "", skip: Int = 0, times: Int = 1) {
        self.action = action
        self.method = method
        self.path = path
        self.skip = skip
        self.times = times
    }

    func isFor(_ request: TestRequest) -> Bool {
        guard method == nil || method == request.method else { return false }
        return path == "/v2/" ? request.target == path : path.isEmpty || request.target.contains(path)
    }
}
