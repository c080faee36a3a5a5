// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import Build

/// One way to show a build's progress: a value that turns updates into text for stderr and does no I/O itself.
package protocol ProgressDisplay: Sendable {
    /// Takes in an update and gives back the text to write for it, maybe none.
    mutating func show(_ update: ProgressUpdate, of build: BuildProgress, at now: ContinuousClock.Instant) -> String

    /// The text to write because time has passed; asked some ten times a second.
    mutating func refresh(_ build: BuildProgress, at now: ContinuousClock.Instant) -> String

    /// The last text, which leaves the terminal as it was found; asked once, whatever way the build ended.
    mutating func finish(_ build: BuildProgress, at now: ContinuousClock.Instant) -> String
}

extension ProgressDisplay {
    package mutating func refresh(_ build: BuildProgress, at now: ContinuousClock.Instant) -> String { "" }

    package mutating func finish(_ build: BuildProgress, at now: ContinuousClock.Instant) -> String { "" }
}

extension ProgressMode {
    /// The display of this mode for a terminal.
    package func display(for terminal: ProgressTerminal) -> any ProgressDisplay {
        switch settled(for: terminal) {
        case .tty: TerminalDisplay(terminal: terminal)
        case .plain, .auto: PlainDisplay()
        case .quiet: QuietDisplay()
        case .json: JSONDisplay()
        case .rawjson: RawJSONDisplay()
        }
    }
}
