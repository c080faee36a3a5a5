// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import OCI

/// What `login` and `logout` are for: a registry, or the repositories of one that begin with a name, as people and other
/// tools spell it (`docker.io`, `https://index.docker.io/v1/`, `registry.example/team`).
struct LoginTarget: Equatable {
    /// The registry as references name it.
    let registry: String
    /// The beginning of the repositories' names; nil for the whole registry.
    let scope: String?

    /// What the credentials are kept under.
    var key: String { scope.map { "\(registry)/\($0)" } ?? registry }

    /// What people call it.
    var title: String { registry == Reference.dockerHub && scope == nil ? "Docker Hub (docker.io)" : key }

    /// - Parameter text: nil stands for Docker Hub.
    /// - Throws: ``CommandError`` for what is no registry.
    init(_ text: String?) throws {
        guard let text else {
            (registry, scope) = (Reference.dockerHub, nil)
            return
        }
        var rest = text[...]
        var isAddress = false
        for scheme in ["https://", "http://"] where rest.lowercased().hasPrefix(scheme) {
            rest = rest.dropFirst(scheme.count)
            isAddress = true
        }
        let host = rest.prefix { $0 != "/" }
        let path = rest.dropFirst(host.count).split(separator: "/").joined(separator: "/")
        if ["docker.io", "index.docker.io", "registry-1.docker.io"].contains(host.lowercased()) {
            registry = Reference.dockerHub
        } else {
            registry = String(host)
        }
        // Of an address only the host counts, as for docker login.
        scope = isAddress || ["", "v1", "v2"].contains(path) ? nil : path
        guard !host.contains("@"), let named = try? Reference("\(registry)/\(scope ?? "any")"), named.tag == "latest",
            named.registry == registry
        else {
            // What stands before an @ may be a password.
            let shown = text.contains("@") ? "what is given" : "\"\(text)\""
            throw CommandError(
                "\(shown) is not a registry",
                remedy: "name its host, with a port or a dot in it: registry.example, localhost:5000")
        }
    }
}
