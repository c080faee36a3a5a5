// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import Build
import Glibc
import Layers
import OCI
import Sandbox
import Store
import Synchronization
import SystemPackage

/// Stands for the sandbox: commands are words that say what to change in the upper directory.
///
///     write /path text    a file, its parents made
///     say text            to standard output
///     fail 3              ends with that code
///     failon arm 3        the same, on that architecture only
///     signal 9            as if killed
///     wait                until cancelled
///     call name           what the test has set
///
/// Several are separated by semicolons.
final class TestRunner: CommandRunner {
    private struct State {
        var commands: [StepCommand] = []
        var hooks: [String: @Sendable () throws -> Void] = [:]
    }

    private let state = Mutex(State())

    /// Everything that was run.
    var commands: [StepCommand] { state.withLock { $0.commands } }

    /// Does something on this machine when a command says `call name`.
    func on(_ name: String, _ hook: @escaping @Sendable () throws -> Void) { state.withLock { $0.hooks[name] = hook } }

    func run(
        _ command: StepCommand, output: @escaping @Sendable (BuildEvent.OutputStream, [UInt8]) -> Void
    ) async throws -> ExitStatus {
        state.withLock { $0.commands.append(command) }
        for text in (command.arguments.last ?? "").split(separator: ";") {
            let words = text.split(separator: " ").map(String.init)
            let rest = words.dropFirst(2).joined(separator: " ")
            switch words.first {
            case "write":
                let path = command.upper.pushing(FilePath(String(words[1].dropFirst())))
                try Files.makeDirectories(path.removingLastComponent(), mode: 0o755)
                try Files.write(Array(rest.utf8), to: path, mode: 0o644)
                chown(path.string, command.user.uid, command.user.gid)
            case "say": output(.stdout, Array((words.dropFirst().joined(separator: " ") + "\n").utf8))
            case "fail": return .exit(code: Int32(words[1]) ?? 1)
            case "failon" where command.platform.architecture == words[1]: return .exit(code: Int32(words[2]) ?? 1)
            case "signal": return .signal(number: Int32(words[1]) ?? 9)
            case "wait": try await Task.sleep(for: .seconds(60))
            case "call": try state.withLock { $0.hooks[words[1]] }?()
            default: break
            }
        }
        return .exit(code: 0)
    }
}

/// Why a test that changes owners is skipped.
let isRoot = geteuid() == 0
