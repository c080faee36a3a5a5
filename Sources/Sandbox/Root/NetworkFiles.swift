// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

public import SystemPackage

/// A line of `/etc/hosts` that somebody asks for.
public struct HostEntry: Hashable, Sendable {
    public var name: String
    public var address: String

    public init(name: String, address: String) {
        self.name = name
        self.address = address
    }
}

/// The two files that a process needs to find other machines, made anew for each run and never part of a layer.
public enum NetworkFiles {
    /// The contents of `/etc/resolv.conf`: the host's, since `.host` is the host's network and a stub resolver on
    /// loopback answers there; empty without a network.
    public static func resolvConf(host: String?, network: NetworkMode) -> String {
        network == .none ? "" : host ?? ""
    }

    /// The contents of `/etc/hosts`: what is asked for, the host's own lines where its network is used, localhost, and
    /// the sandbox's name. Who looks for a name takes the first line that has it.
    public static func hosts(
        host: String?, network: NetworkMode, hostname: String, entries: [HostEntry] = []
    ) -> String {
        let localhost = """
            127.0.0.1\tlocalhost
            ::1\tlocalhost ip6-localhost ip6-loopback
            fe00::\tip6-localnet
            ff00::\tip6-mcastprefix
            ff02::1\tip6-allnodes
            ff02::2\tip6-allrouters

            """
        var text = localhost
        if network == .host, let host {
            text = host.hasSuffix("\n") || host.isEmpty ? host : host + "\n"
            if !names(text).contains("localhost") { text = localhost + text }
        }
        if !hostname.isEmpty && !names(text).contains(hostname[...]) { text += "127.0.1.1\t\(hostname)\n" }
        return entries.map { "\($0.address)\t\($0.name)\n" }.joined() + text
    }

    /// Writes both files below `directory` and returns their mounts. A process may write to them; nothing of it stays.
    public static func mounts(
        in directory: FilePath, network: NetworkMode, hostname: String, entries: [HostEntry] = []
    ) throws(SandboxError) -> [SandboxMount] {
        let files = [
            ("resolv.conf", resolvConf(host: HostFile.text("/etc/resolv.conf"), network: network)),
            (
                "hosts",
                hosts(host: HostFile.text("/etc/hosts"), network: network, hostname: hostname, entries: entries)
            ),
        ]
        var mounts: [SandboxMount] = []
        for (name, text) in files {
            let path = directory.appending(name)
            do {
                try HostFile.write(text, to: path)
            } catch {
                throw .preparation("writing \(path)", (error as? Errno) ?? .ioError)
            }
            mounts.append(SandboxMount(.file(path, .readWrite), at: "/etc/\(name)"))
        }
        return mounts
    }

    private static func names(_ text: String) -> Set<Substring> {
        Set(
            text.split(whereSeparator: \.isNewline).flatMap { line in
                line.prefix { $0 != "#" }.split(whereSeparator: \.isWhitespace).dropFirst()
            })
    }
}
