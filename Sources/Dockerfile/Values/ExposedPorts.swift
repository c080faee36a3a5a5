// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

/// The ports of an EXPOSE, as an image's config names them.
public enum ExposedPorts {
    /// `port[-port][/protocol]` words, ranges written out, protocols in lower case with `tcp` where none is said;
    /// sorted, each once. An address and a port of the host in front of it are tolerated and dropped.
    ///
    /// - Throws: ``DockerfileError`` without lines.
    public static func parse(_ words: [String]) throws(DockerfileError) -> [String] {
        var ports: Set<String> = []
        for word in words {
            let (spec, written) = word.cut(at: "/")
            let name = written.map { $0.lowercased() } ?? ""
            let transport = name.isEmpty ? "tcp" : name
            guard ["tcp", "udp", "sctp"].contains(transport) else {
                throw DockerfileError("invalid proto: \(transport)", culprit: word)
            }
            let container = spec.utf8.split(separator: UInt8(ascii: ":"), omittingEmptySubsequences: false).last
            let text = container.map { String(Substring($0)) } ?? ""
            let (low, high) = text.cut(at: "-")
            guard let first = number(low), let last = high.map({ number($0) }) ?? first, first <= last else {
                throw DockerfileError("invalid containerPort: \(text)", culprit: word)
            }
            for port in first...last { ports.insert("\(port)/\(transport)") }
        }
        return ports.sorted()
    }

    private static func number(_ text: Substring) -> UInt16? {
        text.unicodeScalars.allSatisfy(\.isASCIIDigit) ? UInt16(text) : nil
    }
}
