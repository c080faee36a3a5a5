// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import Glibc
import Registry
import Store
import SystemPackage

/// Where names and passwords come from: standard input, the terminal.
enum PasswordInput {
    /// The longest that is read; tokens of clouds have some thousands of bytes.
    private static let limit = 64 << 10

    /// All of standard input, without the line's end that `echo` adds.
    ///
    /// - Throws: ``CommandError``, `Errno`.
    static func standardInput() throws -> Secret {
        if isatty(STDIN_FILENO) != 0 {
            throw CommandError(
                "--password-stdin reads a file or a pipe, and standard input is a terminal",
                remedy: "leave --password-stdin out to be asked, or pipe the password in")
        }
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 4096)
        while true {
            let count = try buffer.withUnsafeMutableBytes { try FileDescriptor.standardInput.read(into: $0) }
            if count == 0 { break }
            bytes += buffer[..<count]
            guard bytes.count <= limit else {
                throw CommandError("standard input is too long for a password", remedy: "pipe only the password in")
            }
        }
        return try password(bytes)
    }

    /// The password that some bytes are.
    static func password(_ bytes: [UInt8]) throws -> Secret {
        var bytes = bytes[...]
        if bytes.last == UInt8(ascii: "\n") { bytes.removeLast() }
        if bytes.last == UInt8(ascii: "\r") { bytes.removeLast() }
        guard !bytes.isEmpty else {
            throw CommandError("the password is empty", remedy: "look at what is piped in; is a variable not set?")
        }
        guard let text = String(validating: bytes, as: UTF8.self), !text.utf8.contains(where: { $0 < 32 }) else {
            throw CommandError("the password has line breaks or other characters that no password has")
        }
        return Secret(text)
    }

    /// Asks the person at the terminal; what is typed after `.hidden` is not shown.
    ///
    /// - Returns: nil where there is no terminal.
    /// - Throws: ``CommandError``, `Errno`.
    static func ask(_ question: String, _ echo: Echo) throws -> [UInt8]? {
        guard let terminal = try? FileDescriptor.open("/dev/tty", .readWrite, options: .closeOnExec) else {
            return nil
        }
        return try terminal.closeAfter {
            try set(terminal, echo) {
                try Files.writeAll(Array(question.utf8), to: terminal.rawValue, path: "/dev/tty")
                return try line(terminal)
            }
        }
    }

    enum Echo { case shown, hidden }

    /// What a terminal sends for Control-C.
    private static let interrupt: UInt8 = 3

    /// Runs `body` while the terminal shows what is typed or not, and makes no signal of Control-C, which would leave it so.
    private static func set(_ terminal: FileDescriptor, _ echo: Echo, _ body: () throws -> [UInt8]) throws -> [UInt8] {
        var before = termios()
        guard tcgetattr(terminal.rawValue, &before) == 0 else { throw Errno(rawValue: errno) }
        var asking = before
        asking.c_lflag &= ~tcflag_t(echo == .hidden ? ECHO | ISIG : ISIG)
        asking.c_lflag |= tcflag_t(ICANON | ECHONL)
        // It ends the line instead, so that it is seen at once.
        withUnsafeMutableBytes(of: &asking.c_cc) { $0[Int(VEOL)] = interrupt }
        guard tcsetattr(terminal.rawValue, TCSAFLUSH, &asking) == 0 else { throw Errno(rawValue: errno) }
        defer { tcsetattr(terminal.rawValue, TCSAFLUSH, &before) }
        let bytes = try body()
        if bytes.last == interrupt {
            try Files.writeAll(Array("\n".utf8), to: terminal.rawValue, path: "/dev/tty")
            throw Interrupted(signal: SIGINT)
        }
        return bytes
    }

    private static func line(_ terminal: FileDescriptor) throws -> [UInt8] {
        var bytes: [UInt8] = []
        var byte: UInt8 = 0
        while bytes.count < limit {
            let count = try withUnsafeMutableBytes(of: &byte) { try terminal.read(into: $0) }
            if count == 0 || byte == UInt8(ascii: "\n") { break }
            bytes.append(byte)
            if byte == interrupt { break }
        }
        return bytes
    }
}
