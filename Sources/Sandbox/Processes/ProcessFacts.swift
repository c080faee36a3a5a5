// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

/// What the kernel tells of one process (proc(5)).
package struct ProcessFacts: Sendable, Hashable {
    /// Its number as this program sees it.
    package var id: Int32
    package var parent: Int32
    /// Its number as it sees itself.
    package var innerID: Int32
    /// The name that the kernel has for it, at most 15 bytes.
    package var name: String
    /// Its arguments; none when it has ended or is the kernel's own.
    package var arguments: [String]
    package var state: Character
    /// The processor time of itself and of those that it has waited for.
    package var processorTime: Duration

    /// - Parameters:
    ///   - stat: what /proc/ID/stat has.
    ///   - status: what /proc/ID/status has; without it the process is known by its number here.
    ///   - commandLine: what /proc/ID/cmdline has.
    ///   - ticks: clock ticks in a second.
    /// - Returns: nil for what cannot be read, as when the process is gone.
    package init?(stat: String, status: String?, commandLine: [UInt8], ticks: Int64) {
        // The name is in parentheses and may have parentheses and spaces itself.
        guard let open = stat.firstIndex(of: "("), let close = stat.lastIndex(of: ")"), open < close,
            let id = Int32(stat[..<open].filter { $0 != " " }), ticks > 0
        else { return nil }
        let fields = stat[stat.index(after: close)...].split(whereSeparator: { $0 == " " || $0 == "\n" })
        guard fields.count > 14, let state = fields[0].first, let parent = Int32(fields[1]) else { return nil }
        self.id = id
        self.parent = parent
        self.state = state
        name = String(stat[stat.index(after: open)..<close])
        let inner = status?.split(separator: "\n").first { $0.hasPrefix("NSpid:") }
        innerID = inner?.split(whereSeparator: { $0 == "\t" || $0 == " " }).last.flatMap { Int32($0) } ?? id
        // utime, stime, cutime, cstime
        let spent = fields[11...14].reduce(Int64(0)) { $0.addingReportingOverflow(Int64($1) ?? 0).partialValue }
        processorTime = .milliseconds(max(0, spent).multipliedReportingOverflow(by: 1000).partialValue / ticks)
        var words = commandLine.split(separator: 0, omittingEmptySubsequences: false).map {
            String(decoding: $0, as: UTF8.self)
        }
        if words.last?.isEmpty == true { words.removeLast() }
        arguments = words
    }

    /// What a person would call the process: its arguments without the emulator's, else its name.
    package var command: String {
        guard let first = arguments.first else { return name }
        guard first.split(separator: "/").last?.hasPrefix("qemu-") == true, arguments.count > 1 else {
            return arguments.joined(separator: " ")
        }
        // The emulator is given the program's path and then what the program was called with, be it only a name.
        let rest = arguments.dropFirst(2)
        guard let own = rest.first, !own.hasPrefix("-") else { return arguments.dropFirst().joined(separator: " ") }
        return rest.joined(separator: " ")
    }
}
