// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

/// How sizes and times are written for people, in one place.
package enum HumanFormat {
    /// A size with three significant digits and decimal units, as docker writes it: `0B`, `999B`, `1.23kB`, `45.6MB`.
    package static func bytes(_ count: Int64) -> String {
        let units = ["B", "kB", "MB", "GB", "TB", "PB", "EB"]
        var value = Double(max(0, count))
        var unit = 0
        // 999.5 would be written as 1000, which is 1 of the next unit.
        while value >= 999.5, unit < units.count - 1 {
            value /= 1000
            unit += 1
        }
        return significant(value) + units[unit]
    }

    /// A time to read at a glance: `0.0s`, `59.9s`, `1m05s`, `2h07m`.
    package static func duration(_ duration: Duration) -> String {
        let tenths = max(0, milliseconds(duration)) / 100
        if tenths < 600 { return "\(tenths / 10).\(tenths % 10)s" }
        let seconds = tenths / 10
        if seconds < 3600 { return "\(seconds / 60)m\(padded(seconds % 60, digits: 2))s" }
        return "\(seconds / 3600)h\(padded(seconds / 60 % 60, digits: 2))m"
    }

    /// Seconds with a fixed number of decimals, at most three: `1.234`.
    package static func seconds(_ duration: Duration, decimals: Int) -> String {
        let milliseconds = max(0, milliseconds(duration))
        switch decimals {
        case ...0: return "\(milliseconds / 1000)"
        case 1: return "\(milliseconds / 1000).\(milliseconds % 1000 / 100)"
        case 2: return "\(milliseconds / 1000).\(padded(milliseconds % 1000 / 10, digits: 2))"
        default: return "\(milliseconds / 1000).\(padded(milliseconds % 1000, digits: 3))"
        }
    }

    /// The whole milliseconds of a duration.
    package static func milliseconds(_ duration: Duration) -> Int64 {
        let parts = duration.components
        let (seconds, isTooLong) = parts.seconds.multipliedReportingOverflow(by: 1000)
        guard !isTooLong else { return parts.seconds < 0 ? .min / 2 : .max / 2 }
        return seconds + parts.attoseconds / 1_000_000_000_000_000
    }

    private static func significant(_ value: Double) -> String {
        let decimals = value >= 99.95 ? 0 : value >= 9.995 ? 1 : 2
        let scale = [1, 10, 100][decimals]
        let scaled = Int64((value * Double(scale)).rounded())
        let whole = "\(scaled / Int64(scale))"
        var fraction = decimals == 0 ? "" : padded(scaled % Int64(scale), digits: decimals)
        while fraction.hasSuffix("0") { fraction.removeLast() }
        return fraction.isEmpty ? whole : "\(whole).\(fraction)"
    }

    private static func padded(_ number: Int64, digits: Int) -> String {
        let text = "\(number)"
        return String(repeating: "0", count: max(0, digits - text.count)) + text
    }
}
