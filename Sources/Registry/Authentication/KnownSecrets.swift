// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import FoundationEssentials
import HTTP
import Synchronization

/// The secrets that a client has shown, to be taken out of what others say: some servers repeat in an error what they were
/// sent.
final class KnownSecrets: Sendable {
    /// Shorter ones would be found in every other word.
    private static let shortest = 4
    private static let mark = "(secret)"

    private let texts = Mutex<Set<String>>([])

    /// Takes note of a secret, in the forms in which it travels.
    func note(_ secret: Secret) {
        let text = secret.value
        // Of a header the part after "Basic" or "Bearer" is the secret.
        let bare = text.split(separator: " ", maxSplits: 1).last.map(String.init) ?? text
        let forms = [text, bare, PercentEncoding.encode(text)].filter { $0.utf8.count >= Self.shortest }
        texts.withLock { $0.formUnion(forms) }
    }

    func note(_ credential: Credential) {
        switch credential {
        case .password(let username, let password):
            note(password)
            note(Credential.basic(username: username, password: password))
        case .identityToken(let token): note(token)
        }
    }

    /// A text without the secrets, and without the queries and users of addresses in it: a query may be a signature that
    /// is as good as a password.
    func redacted(_ text: String) -> String {
        let known = texts.withLock { $0 }.sorted { $0.utf8.count > $1.utf8.count }
        let text = known.reduce(text) { $0.contains($1) ? $0.replacing($1, with: Self.mark) : $0 }
        return text.contains("://") ? Self.withoutSignatures(text) : text
    }

    /// An error whose words are without secrets.
    func redacted(_ error: RegistryError) -> RegistryError {
        var error = error
        error.detail = error.detail.map(redacted)
        error.messages = error.messages.map { .init(code: redacted($0.code), text: redacted($0.text)) }
        return error
    }

    private static func withoutSignatures(_ text: String) -> String {
        var result = ""
        var rest = text[...]
        while let scheme = rest.firstRange(of: "://") {
            result += rest[..<scheme.upperBound]
            let address = rest[scheme.upperBound...].prefix { !$0.isWhitespace && !"\"'<>`".contains($0) }
            rest = rest[address.endIndex...]
            var shown = address.prefix { $0 != "?" && $0 != "#" }
            let hasMore = shown.endIndex < address.endIndex
            let authority = shown.prefix { $0 != "/" }
            if let at = authority.lastIndex(of: "@") { shown = shown[shown.index(after: at)...] }
            result += shown
            if hasMore { result += "?…" }
        }
        return result + rest
    }
}
