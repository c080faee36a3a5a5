// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

/// Names and numbers of signals, as STOPSIGNAL has them.
public enum Signals {
    /// Linux's numbers on all architectures that images are built for but MIPS; only names are checked by them.
    private static let names: Set<String> = [
        "ABRT", "ALRM", "BUS", "CHLD", "CLD", "CONT", "FPE", "HUP", "ILL", "INT", "IO", "IOT", "KILL", "PIPE", "POLL",
        "PROF", "PWR", "QUIT", "SEGV", "STKFLT", "STOP", "SYS", "TERM", "TRAP", "TSTP", "TTIN", "TTOU", "URG", "USR1",
        "USR2", "VTALRM", "WINCH", "XCPU", "XFSZ", "RTMIN", "RTMAX",
    ]

    /// The signal as given, when there is such a one: a number up to 64, or a name with or without `SIG`.
    ///
    /// - Throws: ``DockerfileError`` without lines.
    public static func checked(_ text: String) throws(DockerfileError) -> String {
        let invalid = DockerfileError("invalid signal: \(text)", culprit: text)
        if let number = Int(text) {
            guard (1...64).contains(number) else { throw invalid }
            return text
        }
        var name = text.uppercased()
        if name.hasPrefix("SIG") { name.removeFirst(3) }
        if names.contains(name) { return text }
        for (prefix, range) in [("RTMIN+", 1...15), ("RTMAX-", 1...14)] where name.hasPrefix(prefix) {
            if let number = Int(name.dropFirst(prefix.count)), range.contains(number) { return text }
        }
        throw invalid
    }
}
