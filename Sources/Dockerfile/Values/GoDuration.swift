// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

/// Durations as Go writes them: `1h30m`, `1.5s`, `100ms`.
public enum GoDuration {
    private static let units: [(name: String, nanoseconds: Int64)] = [
        ("ns", 1), ("us", 1_000), ("µs", 1_000), ("μs", 1_000), ("ms", 1_000_000), ("s", 1_000_000_000),
        ("m", 60_000_000_000), ("h", 3_600_000_000_000),
    ]

    /// The nanoseconds in a duration.
    ///
    /// - Throws: ``DockerfileError`` without lines.
    public static func parse(_ text: String) throws(DockerfileError) -> Int64 {
        let invalid = DockerfileError("time: invalid duration \(GoQuoting.quoted(text))", culprit: text)
        var rest = text.unicodeScalars[...]
        let isNegative = rest.first == "-"
        if isNegative || rest.first == "+" { rest.removeFirst() }
        if rest.elementsEqual("0".unicodeScalars) { return 0 }
        guard !rest.isEmpty else { throw invalid }

        var total: Int64 = 0
        while !rest.isEmpty {
            let whole = rest.prefix(while: \.isASCIIDigit)
            rest = rest.dropFirst(whole.count)
            var fraction = Substring.UnicodeScalarView()
            if rest.first == "." {
                rest.removeFirst()
                fraction = rest.prefix(while: \.isASCIIDigit)
                rest = rest.dropFirst(fraction.count)
            }
            guard !whole.isEmpty || !fraction.isEmpty else { throw invalid }
            let name = String(rest.prefix { $0 != "." && !$0.isASCIIDigit })
            guard !name.isEmpty else {
                throw DockerfileError("time: missing unit in duration \(GoQuoting.quoted(text))", culprit: text)
            }
            rest = rest.dropFirst(name.unicodeScalars.count)
            guard let unit = units.first(where: { $0.name == name })?.nanoseconds else {
                throw DockerfileError(
                    "time: unknown unit \(GoQuoting.quoted(name)) in duration \(GoQuoting.quoted(text))", culprit: text)
            }
            guard let value = whole.isEmpty ? 0 : Int64(String(whole)) else { throw invalid }
            let (scaled, overflow) = value.multipliedReportingOverflow(by: unit)
            // More digits than these are below a nanosecond.
            let digits = String(fraction.prefix(15))
            var part: Int64 = 0
            var scale = Double(unit)
            for digit in digits.utf8 {
                scale /= 10
                part += Int64((Double(digit - 0x30) * scale).rounded(.down))
            }
            let (sum, overflows) = total.addingReportingOverflow(scaled)
            let (all, tooLong) = sum.addingReportingOverflow(part)
            guard !overflow, !overflows, !tooLong else { throw invalid }
            total = all
        }
        return isNegative ? -total : total
    }

    /// The duration as Go prints it: `1m30s`, `1.5s`, `0s`.
    public static func format(_ nanoseconds: Int64) -> String {
        if nanoseconds == 0 { return "0s" }
        let sign = nanoseconds < 0 ? "-" : ""
        let magnitude = nanoseconds.magnitude
        if magnitude < 1_000_000_000 {
            let (unit, digits): (UInt64, Int) =
                magnitude < 1_000 ? (1, 0) : magnitude < 1_000_000 ? (1_000, 3) : (1_000_000, 6)
            let name = digits == 0 ? "ns" : digits == 3 ? "µs" : "ms"
            return sign + decimal(magnitude / unit, magnitude % unit, digits) + name
        }
        let seconds = magnitude / 1_000_000_000
        var output = decimal(seconds % 60, magnitude % 1_000_000_000, 9) + "s"
        if seconds >= 60 { output = "\(seconds / 60 % 60)m" + output }
        if seconds >= 3600 { output = "\(seconds / 3600)h" + output }
        return sign + output
    }

    private static func decimal(_ whole: UInt64, _ fraction: UInt64, _ digits: Int) -> String {
        guard fraction != 0 else { return String(whole) }
        let text = String(fraction)
        var padded = String(repeating: "0", count: max(0, digits - text.utf8.count)) + text
        while padded.hasSuffix("0") { padded.removeLast() }
        return "\(whole).\(padded)"
    }
}
