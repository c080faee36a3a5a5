// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import Glibc
import SystemPackage
import TestSupport
import Testing

extension Program {
    /// `--build-arg BASE=…/busybox` for Dockerfiles that begin with ARG BASE and FROM $BASE.
    static var busybox: [String] {
        get throws { ["--build-arg", "BASE=\(try SharedRegistry.host)/busybox"] }
    }

    /// A Dockerfile on busybox.
    static func dockerfile(_ instructions: String...) -> String {
        (["ARG BASE=busybox", "FROM $BASE"] + instructions).joined(separator: "\n") + "\n"
    }

    /// `--output` for a layout directory in a workspace.
    static func layout(_ manifold: Manifold, _ name: String = "out") -> [String] {
        ["--output", "type=oci,dest=\(manifold.path(name))/"]
    }

    /// Builds what one Dockerfile on busybox says, as a layout, for this machine's platform unless others are named.
    static func build(
        _ dockerfile: String, files: [String: String] = [:], platforms: String = "linux/amd64",
        _ arguments: [String] = [], with manifold: Manifold, _ setting: Manifold.Setting = Manifold.Setting()
    ) async throws -> BuildLog {
        let context = try manifold.context(dockerfile, files: files)
        return try await manifold.build(
            try busybox + ["--platform", platforms] + layout(manifold) + arguments, context, setting)
    }

    /// Runs skopeo against a registry of this machine.
    static func skopeo(_ arguments: String...) async throws -> ChildProcess.Result {
        try await ChildProcess.run("skopeo", ["--insecure-policy"] + arguments)
    }

    /// The manifest or index that a reference stands for, as the registry has it; nil when it has none.
    static func raw(_ reference: String) async throws -> JSONValue? {
        let result = try await skopeo("inspect", "--raw", "--tls-verify=false", "docker://\(reference)")
        return result.succeeded ? try JSONValue(parsing: result.stdout) : nil
    }

    /// The names in this machine's own binfmt_misc list; root can look even where nothing has mounted it.
    static func hostHandlers() async throws -> [String] {
        let list = "ls /proc/sys/fs/binfmt_misc"
        let mount = "mount -t binfmt_misc none /proc/sys/fs/binfmt_misc 2>/dev/null"
        let words = geteuid() == 0 ? ["unshare", "--mount", "sh", "-c", "\(mount); \(list)"] : ["sh", "-c", list]
        let result = try await ChildProcess.run(words[0], Array(words.dropFirst()))
        return result.output.split(separator: "\n").map(String.init)
    }
}

/// What of an ELF file's header says for whom it is; see elf(5).
struct ELFHeader: Equatable {
    var is64Bit: Bool
    var machine: Int

    init(is64Bit: Bool, machine: Int) {
        self.is64Bit = is64Bit
        self.machine = machine
    }

    init?(_ bytes: [UInt8]) {
        guard bytes.count > 20, bytes[0..<4] == [0x7f, 0x45, 0x4c, 0x46] else { return nil }
        is64Bit = bytes[4] == 2
        machine = Int(bytes[18]) | Int(bytes[19]) << 8
    }

    static let amd64 = ELFHeader(is64Bit: true, machine: 62)
    static let arm64 = ELFHeader(is64Bit: true, machine: 183)
    static let arm = ELFHeader(is64Bit: false, machine: 40)
}
