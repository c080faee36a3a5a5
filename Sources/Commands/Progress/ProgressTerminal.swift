// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import Glibc
package import SystemPackage

/// What a progress display must know of the place that it writes to.
package struct ProgressTerminal: Sendable {
    /// A size in character cells.
    package struct Size: Sendable, Hashable {
        package let columns: Int
        package let rows: Int

        package init(columns: Int, rows: Int) {
            self.columns = columns
            self.rows = rows
        }

        /// What is assumed where nobody knows.
        package static let usual = Size(columns: 80, rows: 24)
    }

    /// Whether it is a terminal whose cursor can be moved.
    package let isInteractive: Bool
    /// Whether text may be coloured.
    package let usesColour: Bool
    /// Whether characters beyond ASCII are shown as they should be.
    package let usesUnicode: Bool
    /// The colours.
    package let palette: TerminalPalette
    /// Asks for the size as it is now.
    package let size: @Sendable () -> Size

    package init(
        isInteractive: Bool, usesColour: Bool, usesUnicode: Bool, palette: TerminalPalette = .usual,
        size: @escaping @Sendable () -> Size = { .usual }
    ) {
        self.isInteractive = isInteractive
        self.usesColour = usesColour
        self.usesUnicode = usesUnicode
        self.palette = palette
        self.size = size
    }

    /// Looks at a descriptor and the environment: `TERM`, `NO_COLOR` (no-color.org), `BUILDKIT_COLORS` and the locale (locale(7)).
    ///
    /// The descriptor must stay open as long as ``size`` is asked.
    package init(_ descriptor: FileDescriptor, environment: [String: String]) {
        let isTerminal = isatty(descriptor.rawValue) == 1
        let term = environment["TERM"] ?? ""
        let refusesColour = environment["NO_COLOR"].map { !$0.isEmpty } ?? false
        let isInteractive = isTerminal && !term.isEmpty && term != "dumb"
        self.init(
            isInteractive: isInteractive, usesColour: isInteractive && !refusesColour,
            usesUnicode: Self.isUnicode(locale: environment),
            palette: environment["BUILDKIT_COLORS"].map { TerminalPalette(buildKitColours: $0) } ?? .usual,
            size: { Self.size(of: descriptor) })
    }

    private static func isUnicode(locale environment: [String: String]) -> Bool {
        for name in ["LC_ALL", "LC_CTYPE", "LANG"] {
            guard let value = environment[name]?.lowercased(), !value.isEmpty else { continue }
            return value.hasSuffix("utf-8") || value.hasSuffix("utf8") || value.contains("utf-8@")
                || value.contains("utf8@")
        }
        return false
    }

    private static func size(of descriptor: FileDescriptor) -> Size {
        var window = winsize()
        guard ioctl(descriptor.rawValue, UInt(TIOCGWINSZ), &window) == 0, window.ws_col > 0, window.ws_row > 0 else {
            return .usual
        }
        return Size(columns: Int(window.ws_col), rows: Int(window.ws_row))
    }
}
