// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

/// The colours of a live view, by what they mean.
///
/// `BUILDKIT_COLORS` changes some: `run=green:error=255,0,0:cancel=magenta:warning=light-yellow`. What is not understood in
/// it is passed over: it belongs to other programs.
package struct TerminalPalette: Sendable, Hashable {
    /// What a colour says.
    enum Meaning: Hashable, Sendable {
        case aside, running, done, cached, failed, cancelled, warning
    }

    /// Parameters of ECMA-48's "select graphic rendition".
    private var codes: [Meaning: String] = [
        .aside: "2", .running: "34", .done: "32", .cached: "36", .failed: "31", .cancelled: "33", .warning: "33",
    ]

    /// The colours when nobody wants others.
    package static let usual = TerminalPalette()

    private init() {}

    /// The usual colours with what a value of `BUILDKIT_COLORS` changes.
    package init(buildKitColours text: String) {
        for field in text.split(separator: ":") {
            let parts = field.split(separator: "=", maxSplits: 1)
            guard parts.count == 2, let code = Self.code(parts[1].lowercased()) else { continue }
            switch parts[0].lowercased() {
            case "run": for meaning in [Meaning.running, .done, .cached] { codes[meaning] = code }
            case "error": codes[.failed] = code
            case "cancel": codes[.cancelled] = code
            case "warning": codes[.warning] = code
            default: continue
            }
        }
    }

    /// The text in the colour of a meaning.
    func paint(_ text: String, _ meaning: Meaning) -> String {
        "\u{1B}[\(codes[meaning] ?? "0")m\(text)\u{1B}[0m"
    }

    private static let names = ["black", "red", "green", "yellow", "blue", "magenta", "cyan", "white"]

    /// `red`, `light-red`, or three numbers up to 255.
    private static func code(_ colour: String) -> String? {
        if colour == "default" { return "39" }
        if let index = names.firstIndex(of: colour) { return "\(30 + index)" }
        if colour.hasPrefix("light-"), let index = names.firstIndex(of: String(colour.dropFirst(6))) {
            return "\(90 + index)"
        }
        let parts = colour.split(separator: ",").map { UInt8($0) }
        guard parts.count == 3, !parts.contains(nil) else { return nil }
        return "38;2;" + parts.compactMap { $0 }.map(String.init).joined(separator: ";")
    }
}
