// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import CSandbox
import Dispatch
import Glibc
import Sandbox
import SystemPackage

/// Ties the terminal of a command to the one that this process sits at.
///
/// Until the command runs, this process's terminal is as it was found, so that Ctrl-C ends a download; while it runs
/// every key is the command's.
final class RunTerminal {
    let control: ProcessControl
    private let resizes: any DispatchSourceSignal

    /// Who types.
    enum Keyboard: Sendable {
        /// The person at this process's terminal.
        case standardInput
        /// Nobody.
        case nobody
    }

    init(keyboard: Keyboard) {
        let control = ProcessControl(terminal: Self.size()) { end in
            guard keyboard == .standardInput else {
                close(end.rawValue)
                return
            }
            // Where it cannot be done, as in the background, keys come line by line.
            _ = mf_raw_terminal(STDIN_FILENO)
            RunInput.copy(to: end.rawValue)
        }
        self.control = control
        // Ignored it does not reach the source.
        signal(SIGWINCH, SIG_IGN)
        resizes = DispatchSource.makeSignalSource(signal: SIGWINCH, queue: DispatchQueue(label: "manifold.resizes"))
        resizes.setEventHandler { control.resize(Self.size()) }
        resizes.activate()
    }

    /// Brings this process's terminal back to what it was.
    func end() {
        resizes.cancel()
        mf_calm_terminal()
    }

    /// Whether standard input is a terminal.
    static var isAtTerminal: Bool { isatty(STDIN_FILENO) == 1 }

    /// The size of this process's terminal; a usual one when it has none.
    private static func size() -> TerminalSize {
        var (rows, columns): (UInt16, UInt16) = (0, 0)
        for descriptor in [STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO]
        where mf_terminal_size(descriptor, &rows, &columns) == 0 && rows > 0 && columns > 0 {
            return TerminalSize(rows: rows, columns: columns)
        }
        return TerminalSize(rows: 24, columns: 80)
    }
}
