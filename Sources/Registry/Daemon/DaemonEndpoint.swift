// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import HTTP

/// Where a daemon with an image store of its own may be listening: Docker, or podman's service.
public struct DaemonEndpoint: Hashable, Sendable {
    enum Address: Hashable, Sendable {
        case socket(String)
        case network(authority: String)
        /// A way to reach it that is not understood here.
        case other
    }

    /// As the user wrote it, or the socket's path.
    public let name: String
    let address: Address

    /// A socket on this machine.
    public init(socket path: String) {
        name = path
        address = .socket(path)
    }

    /// The value of DOCKER_HOST or CONTAINER_HOST: `unix://PATH` or `tcp://HOST:PORT`.
    public init(host text: String) {
        name = text
        if text.hasPrefix("unix://") {
            address = .socket(String(text.dropFirst(7)))
        } else if text.hasPrefix("/") {
            address = .socket(text)
        } else if let scheme = ["tcp://", "http://"].first(where: text.hasPrefix) {
            let authority = text.dropFirst(scheme.count).prefix { $0 != "/" }
            address = authority.isEmpty ? .other : .network(authority: String(authority))
        } else {
            address = .other
        }
    }

    /// The places to try, in order: the one that the environment names, or else those where Docker and podman listen
    /// when nobody says otherwise, for everybody and for one user.
    public static func candidates(_ environment: [String: String]) -> [DaemonEndpoint] {
        for variable in ["DOCKER_HOST", "CONTAINER_HOST"] {
            if let host = environment[variable], !host.isEmpty { return [DaemonEndpoint(host: host)] }
        }
        var paths = ["/var/run/docker.sock"]
        let runtime = environment["XDG_RUNTIME_DIR"].flatMap { $0.isEmpty ? nil : $0 }
        if let runtime { paths.append("\(runtime)/docker.sock") }
        if let home = environment["HOME"], !home.isEmpty { paths.append("\(home)/.docker/run/docker.sock") }
        if let runtime { paths.append("\(runtime)/podman/podman.sock") }
        paths.append("/run/podman/podman.sock")
        return paths.map { DaemonEndpoint(socket: $0) }
    }

    /// The URL of a path of the daemon's API; nil when the address is not understood.
    func url(_ target: String) -> String? {
        switch address {
        case .socket(let path): "http+unix://\(PercentEncoding.encode(path))\(target)"
        case .network(let authority): "http://\(authority)\(target)"
        case .other: nil
        }
    }
}
