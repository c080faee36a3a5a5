// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import FoundationEssentials
import Glibc
import SystemPackage
import TestSupport
import Testing
import sandbox_probe

/// Who runs a probe.
enum Who: String, CaseIterable, Sendable {
    /// The user of the tests.
    case caller
    /// A user who is not root and has subordinate ids; the caller itself when the caller is no root.
    case ordinaryUser
}

/// A directory for one probe, and the means to run it.
struct ProbeDirectory: ~Copyable {
    let path: FilePath

    init() throws {
        var template = Array("/tmp/manifold-sandbox-XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else { throw Errno(rawValue: errno) }
        path = FilePath(String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self))
        // The ordinary user makes its run's directories in here.
        chmod(path.string, 0o777)
    }

    deinit { Self.remove(path) }

    private static func remove(_ path: FilePath) {
        // An overlay's work directory has a directory that its owner may not enter.
        if let paths = try? FileManager.default.subpathsOfDirectory(atPath: path.string) {
            for name in paths where name.hasSuffix("work/work") { chmod(path.string + "/" + name, 0o700) }
        }
        try? FileManager.default.removeItem(atPath: path.string)
    }

    /// A new layer in here, made by a shell script that runs in it.
    func layer(_ name: String, _ script: String) async throws -> String {
        let layer = path.appending(name)
        mkdir(layer.string, 0o755)
        let made = try await ChildProcess.run("sh", ["-ec", script], workingDirectory: layer)
        try #require(made.succeeded, "\(made)")
        return layer.string
    }

    /// A request whose root file system is busybox under further layers.
    func request(
        _ script: String, architecture: String = "amd64", layers: [String] = []
    ) async throws -> ProbeRequest {
        let busybox = try await Busybox.shared.root(architecture).string
        return ProbeRequest(directory: path.string, lowers: [busybox] + layers, ["sh", "-c", script])
    }

    /// What the probe finds.
    func run(_ request: ProbeRequest, as who: Who = .caller) async throws -> ProbeResult {
        let child = try await ChildProcess.run(
            Self.command(who)[0], Array(Self.command(who).dropFirst()), input: Array(JSONEncoder().encode(request)))
        let result = try? JSONDecoder().decode(ProbeResult.self, from: Data(child.stdout))
        return try #require(result, "\(child)")
    }

    /// The probe's command line.
    static func command(_ who: Who) -> [String] {
        let own = CommandLine.arguments.first ?? ""
        let directory = (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")) ?? own
        let probe = FilePath(directory).removingLastComponent().appending("sandbox-probe").string
        let asUser = FilePath(#filePath).removingLastComponent().removingLastComponent().removingLastComponent()
            .appending("scripts/as-user").string
        return who == .caller ? [probe] : [asUser, probe]
    }
}
