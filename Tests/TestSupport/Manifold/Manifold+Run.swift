// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import FoundationEssentials
import Glibc
public import SystemPackage

extension Manifold {
    /// How a run differs from the plain one.
    public struct Setting: Sendable {
        /// Variables besides PATH, HOME and MANIFOLD_ROOT.
        public var environment: [String: String] = [:]
        /// The working directory; nil for the repository's top.
        public var workingDirectory: FilePath?
        /// A command that the user's session runs under, such as a shell that prepares a namespace.
        public var around: [String] = []
        /// A command that the user runs the program under.
        public var within: [String] = []

        public init(
            environment: [String: String] = [:], workingDirectory: FilePath? = nil, around: [String] = [],
            within: [String] = []
        ) {
            self.environment = environment
            self.workingDirectory = workingDirectory
            self.around = around
            self.within = within
        }

        /// With these variables.
        public static func environment(_ environment: [String: String]) -> Setting {
            Setting(environment: environment)
        }

        /// Under a shell script that ends in `exec "$@"`, run by the user.
        public static func script(_ script: String) -> Setting { Setting(within: ["/bin/sh", "-c", script, "sh"]) }
    }

    /// Runs the program to its end.
    public func run(
        _ arguments: [String], _ setting: Setting = Setting(), timeout: Duration = .seconds(120)
    ) async throws -> ChildProcess.Result {
        let child = try start(arguments, setting)
        return try await child.wait(timeout: timeout)
    }

    /// Starts the program; whoever does must wait for it or stop it.
    public func start(_ arguments: [String], _ setting: Setting = Setting()) throws -> ChildProcess {
        let words = command(arguments, setting)
        // The session's script lets its caller's working directory be seen by the user.
        return try ChildProcess.start(
            words[0], Array(words.dropFirst()), environment: Self.environment(home: path("home")),
            workingDirectory: Self.repository)
    }

    /// Runs `manifold build` with JSON progress.
    public func build(
        _ arguments: [String], _ context: FilePath, _ setting: Setting = Setting(), timeout: Duration = .seconds(120)
    ) async throws -> BuildLog {
        let result = try await run(
            ["build", "--progress", "json"] + arguments + [context.string], setting, timeout: timeout)
        return BuildLog(result)
    }

    private static func environment(home: FilePath) -> [String: String] {
        var environment = [
            "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "HOME": home.string,
            "TMPDIR": "/tmp", "LANG": "C.UTF-8",
        ]
        if geteuid() != 0 {
            for name in ["USER", "LOGNAME"] { environment[name] = ProcessInfo.processInfo.environment[name] }
        }
        return environment
    }

    private func command(_ arguments: [String], _ setting: Setting) -> [String] {
        let session = account == .ordinary ? [Self.repository.appending("scripts/as-user").string] : []
        var variables = setting.environment
        if variables["MANIFOLD_ROOT"] == nil { variables["MANIFOLD_ROOT"] = store.string }
        var environment = ["/usr/bin/env"]
        if let directory = setting.workingDirectory { environment.append("--chdir=\(directory)") }
        environment += variables.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }
        return setting.around + session + environment + setting.within + [Self.program.string] + arguments
    }
}
