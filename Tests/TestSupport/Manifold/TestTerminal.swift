// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import FoundationEssentials

/// A terminal at which a program is started, with somebody who reads and types.
public enum TestTerminal {
    /// What the person does.
    public enum Step: Sendable {
        /// Waits until the screen shows a text after what was waited for before.
        case read(String)
        /// Types, Ctrl-C being `\u{3}` and so on.
        case type(String)
        /// Changes the size of the window.
        case resize(rows: Int, columns: Int)
        /// Sends the program a signal.
        case signal(Int32)
    }

    /// A setting in which the program sits at a terminal of 30 rows and 100 columns. Its standard output is then all that
    /// the screen showed. When the terminal was not left as it was found, its last line says so.
    public static func setting(_ steps: [Step]) -> Manifold.Setting {
        let words = steps.map { step in
            switch step {
            case .read(let text): ["read", text]
            case .type(let text): ["type", text]
            case .resize(let rows, let columns): ["resize", "\(rows)", "\(columns)"]
            case .signal(let number): ["signal", "\(number)"]
            }
        }
        let json = (try? JSONEncoder().encode(words)).map { String(decoding: $0, as: UTF8.self) } ?? "[]"
        return Manifold.Setting(environment: ["TERM": "vt100"], within: ["/usr/bin/python3", "-c", harness, json])
    }

    /// What the last line says when the terminal was left otherwise than it was found.
    public static let disorder = "The terminal is not as it was."

    private static let harness = #"""
        import fcntl, json, os, select, struct, sys, termios, time

        steps, words = json.loads(sys.argv[1]), sys.argv[2:]
        master, slave = os.openpty()
        def resize(rows, columns):
            fcntl.ioctl(master, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
        resize(30, 100)
        before = termios.tcgetattr(slave)
        child = os.fork()
        if child == 0:
            os.setsid()
            fcntl.ioctl(slave, termios.TIOCSCTTY, 0)
            for number in range(3): os.dup2(slave, number)
            os.closerange(3, 100)
            os.execv(words[0], words)
        screen, seen, deadline, status = b"", 0, time.time() + 20, None
        def look(patience):
            global screen
            ready, _, _ = select.select([master], [], [], patience)
            if ready: screen += os.read(master, 65536)
            return bool(ready)
        while status is None and time.time() < deadline:
            look(0.02)
            while steps:
                kind, text = steps[0][0], steps[0][1]
                if kind == "read":
                    place = screen.find(text.encode(), seen)
                    if place < 0: break
                    seen = place + len(text.encode())
                elif kind == "type": os.write(master, text.encode())
                elif kind == "resize": resize(int(text), int(steps[0][2]))
                else: os.kill(child, int(text))
                steps.pop(0)
            ended, word = os.waitpid(child, os.WNOHANG)
            if ended: status = os.waitstatus_to_exitcode(word)
        while look(0): pass
        sys.stdout.write(screen.decode(errors="replace"))
        if status is None:
            os.kill(child, 9)
            sys.exit("the program still ran; next was to come: %r" % steps[:1])
        if steps: sys.stdout.write("\nThis was not done: %r" % steps)
        if termios.tcgetattr(slave) != before: sys.stdout.write("\nThe terminal is not as it was.")
        sys.stdout.flush()
        os._exit(status if status >= 0 else 128 - status)
        """#
}
