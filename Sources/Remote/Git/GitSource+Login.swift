// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import HTTP

extension GitSource {
    /// The remote as git is told it: everybody can read the arguments of a process, so a login in a web address goes with
    /// the requests instead.
    var address: String { parts?.address ?? remote }

    /// The `user:password` of a web address, decoded; the password may be empty.
    var login: String? { parts?.login }

    private var parts: (address: String, login: String)? {
        guard let scheme = WebURL.scheme(of: remote), scheme == "http" || scheme == "https" else { return nil }
        let rest = remote.dropFirst(scheme.utf8.count + 3)
        guard let at = rest.prefix(while: { $0 != "/" }).lastIndex(of: "@") else { return nil }
        let login = PercentEncoding.decode(rest[..<at]) ?? String(rest[..<at])
        return ("\(scheme)://\(rest[rest.index(after: at)...])", login.contains(":") ? login : login + ":")
    }
}

extension String {
    /// An address that could not be understood, for messages: what may be a password in it is left out.
    var withoutPassword: String {
        guard let scheme = firstRange(of: "://") else { return self }
        let rest = self[scheme.upperBound...]
        guard let colon = rest.firstIndex(of: ":"), let at = rest.lastIndex(of: "@"), colon < at else { return self }
        let behind = rest[rest.index(after: colon)...]
        // The colon of a port.
        if behind.drop(while: { $0.isASCII && $0.isNumber }).first == "/" { return self }
        return self[..<colon] + ":xxxxx" + self[at...]
    }
}
