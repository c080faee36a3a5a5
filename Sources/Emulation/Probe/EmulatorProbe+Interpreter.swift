// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import CSandbox
import Glibc
public import SystemPackage

extension EmulatorProbe {
    /// The program that the kernel really runs for programs of a target, asked of the kernel while it does.
    ///
    /// A handler with flag F keeps the file that was there when it was registered: its path may have another file by now,
    /// or lie in another mount namespace.
    public struct Interpreter: Hashable, Sendable {
        /// The path by which the file was opened, seen from here.
        public let path: FilePath
        /// Whether that path names this file no more: it was replaced or removed.
        public let isStale: Bool
        /// What the file that is run says of itself.
        public let file: EmulatorFile?
    }

    /// What runs programs of `target` here; nil when nothing does or the processor does it by itself.
    ///
    /// - Throws: `CancellationError`.
    public func interpreter(of target: EmulatorTarget) async throws -> Interpreter? {
        try await withProgram(of: target, failure: { _ in nil }) { file in
            // The probe waits for as long as nobody reads the pipe that it writes to, which is full.
            guard let pipe = try? FileDescriptor.pipe() else { return nil }
            defer {
                try? pipe.readEnd.close()
                try? pipe.writeEnd.close()
            }
            for end in [pipe.readEnd, pipe.writeEnd] { _ = fcntl(end.rawValue, F_SETFD, FD_CLOEXEC) }
            guard Self.fill(pipe.writeEnd) else { return nil }
            let words = [strdup(file.string)]
            defer { for word in words { free(word) } }
            var id: Int32 = 0
            var error = Int32(ETXTBSY)
            for _ in 0..<50 where error == ETXTBSY {
                error = mf_start_program(
                    words.map { UnsafePointer($0) } + [nil], file.removingLastComponent().string,
                    pipe.writeEnd.rawValue, &id)
                if error == ETXTBSY { try await Task.sleep(for: .milliseconds(5)) }
            }
            guard error == 0 else { return nil }
            defer { ShortProcess.kill(id) }
            return Self.interpreter(of: id, program: file)
        }
    }

    private static func fill(_ pipe: FileDescriptor) -> Bool {
        let flags = fcntl(pipe.rawValue, F_GETFL)
        guard flags >= 0, fcntl(pipe.rawValue, F_SETFL, flags | O_NONBLOCK) == 0 else { return false }
        let bytes = [UInt8](repeating: 0, count: 4096)
        while bytes.withUnsafeBytes({ write(pipe.rawValue, $0.baseAddress, $0.count) }) > 0 {}
        return errno == EAGAIN && fcntl(pipe.rawValue, F_SETFL, flags) == 0
    }

    private static func interpreter(of id: Int32, program: FilePath) -> Interpreter? {
        let link = "/proc/\(id)/exe"
        var target = [CChar](repeating: 0, count: 4097)
        let count = readlink(link, &target, target.count - 1)
        guard count > 0 else { return nil }
        var text = String(decoding: target.prefix(count).map { UInt8(bitPattern: $0) }, as: UTF8.self)
        if text == program.string { return nil }
        let isDeleted = text.hasSuffix(" (deleted)")
        if isDeleted { text = String(text.dropLast(" (deleted)".count)) }
        var running = stat()
        var named = stat()
        let isSame =
            stat(link, &running) == 0 && stat(text, &named) == 0 && running.st_ino == named.st_ino
            && running.st_dev == named.st_dev
        return Interpreter(path: FilePath(text), isStale: isDeleted || !isSame, file: EmulatorFile(FilePath(link)))
    }
}
