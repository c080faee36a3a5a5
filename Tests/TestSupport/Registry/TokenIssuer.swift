// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import Crypto
import FoundationEssentials
import NIOHTTP1
import SystemPackage

/// Signs the tokens of a registry's token service (distribution's "Token Authentication Implementation").
public struct TokenIssuer: Sendable {
    /// Who vouches for the tokens.
    public let certificate: TestCertificate
    /// Who may push; anybody may pull.
    public let username: String
    let password: String
    /// How many seconds the registry takes a token for.
    public let lifetime: Int
    /// How many seconds clients are told that it would.
    public let promise: Int

    static let name = "test-issuer"
    static let service = "test-service"

    /// For so many seconds after its end docker-registry still takes a token.
    private static let leeway = 60

    private let key: P256.Signing.PrivateKey
    private let chain: String

    /// - Throws: What reading the certificate's files throws.
    public init(
        certificate: TestCertificate, username: String, password: String, lifetime: Int = 300, promise: Int? = nil
    ) throws {
        self.certificate = certificate
        self.username = username
        self.password = password
        self.lifetime = lifetime
        self.promise = promise ?? lifetime
        key = try P256.Signing.PrivateKey(
            pemRepresentation: String(contentsOfFile: certificate.key.string, encoding: .utf8))
        chain = try String(contentsOfFile: certificate.certificate.string, encoding: .utf8)
            .split(separator: "\n").filter { !$0.hasPrefix("-") }.joined()
    }

    /// A token for what is asked for, as far as it is allowed; 401 for a wrong password.
    func answer(_ request: TestRequest) -> TestResponse {
        let shown = request.headers.first(name: "Authorization")
        let isKnown = shown == TestRegistryState.basic(username, password)
        guard shown == nil || isKnown else { return .error(401, "UNAUTHORIZED") }
        guard request.parameter("service") == Self.service else { return .error(400, "UNSUPPORTED") }
        let scopes = request.parameters.filter { $0.name == "scope" }.flatMap { $0.value.split(separator: " ") }
        let access = scopes.compactMap { scope -> String? in
            let parts = scope.split(separator: ":")
            guard parts.count == 3 else { return nil }
            let actions = parts[2].split(separator: ",").filter { isKnown || $0 == "pull" }.map { "\"\($0)\"" }
            return #"{"type":"\#(parts[0])","name":"\#(parts[1])","actions":[\#(actions.joined(separator: ","))]}"#
        }
        let now = Int(Date().timeIntervalSince1970)
        let claims =
            #"{"iss":"\#(Self.name)","sub":"\#(isKnown ? username : "")","aud":"\#(Self.service)","exp":\#(now + lifetime - Self.leeway),"#
            + #""nbf":\#(now - 60),"iat":\#(now),"jti":"\#(UUID())","access":[\#(access.joined(separator: ","))]}"#
        let header = #"{"typ":"JWT","alg":"ES256","x5c":["\#(chain)"]}"#
        let signed = Self.encode(Data(header.utf8)) + "." + Self.encode(Data(claims.utf8))
        guard let signature = try? key.signature(for: Data(signed.utf8)) else { return TestResponse(500) }
        let token = signed + "." + Self.encode(signature.rawRepresentation)
        return TestResponse(
            200, ["Content-Type": "application/json"], Array(#"{"token":"\#(token)","expires_in":\#(promise)}"#.utf8))
    }

    private static func encode(_ data: Data) -> String {
        String(
            data.base64EncodedString().compactMap { character in
                switch character {
                case "+": "-"
                case "/": "_"
                case "=": nil
                default: character
                }
            })
    }
}
