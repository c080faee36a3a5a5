// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import Doctor
import Testing

@Suite("What is said of the handlers of a host")
struct HostHandlersTests {
    private static let folder = "/proc/sys/fs/binfmt_misc"
    private static let arm64 =
        "magic 7f454c460201010000000000000000000200b700\nmask ffffffffffffff00fffffffffffffffffeffffff\n"

    private func root(
        _ entries: [String: String], status: String? = "enabled\n", interpreter: [UInt8]? = nil
    ) throws -> ScratchRoot {
        var files: [String: String] = [:]
        if let status { files["\(Self.folder)/status"] = status }
        for (name, text) in entries { files["\(Self.folder)/\(name)"] = text + "offset 0\n" + Self.arm64 }
        if let interpreter { files["/usr/bin/qemu"] = String(decoding: interpreter, as: UTF8.self) }
        return try ScratchRoot(files)
    }

    /// The beginning of a static program, without bytes that are no text.
    private static let program: [UInt8] =
        [0x7f, 0x45, 0x4c, 0x46, 2, 1, 1] + [UInt8](repeating: 0, count: 9) + [2, 0, 62, 0]
        + [UInt8](repeating: 0, count: 44)

    private static func entry(_ flags: String, enabled: Bool = true, interpreter: String = "/usr/bin/qemu") -> String {
        "\(enabled ? "enabled" : "disabled")\ninterpreter \(interpreter)\nflags: \(flags)\n"
    }

    static let troubles: [([String: String], String)] = [
        (["qemu-aarch64": entry("OC")], "has no flag F"),
        (["qemu-aarch64": entry("F", enabled: false)], "qemu-aarch64 is disabled"),
        (["qemu-aarch64": entry("", interpreter: "/gone")], "asks for /gone, which is not there"),
        (["qemu-aarch64": entry("F", interpreter: "/gone")], "which is gone or in another root"),
        (["a": entry("F"), "b": entry("F")], "take the same programs"),
        (["qemu-aarch64": entry("F", interpreter: "/script")], "needs libraries"),
    ]

    @Test("what is wrong with an entry, as far as it matters here", arguments: troubles)
    func entry(entries: [String: String], words: String) async throws {
        let root = try root(entries, interpreter: Self.program)
        try root.write("#!/bin/sh\n", to: "script")
        let needed = await HostHandlersCheck(machine: root.machine(), areNeeded: true).findings()
        #expect(needed.contains { $0.status == .warning && $0.sentence.contains(words) }, "\(needed)")
        let unused = await HostHandlersCheck(machine: root.machine(), areNeeded: false).findings()
        #expect(unused.contains { $0.status == .note && $0.sentence.contains(words) }, "\(unused)")
        #expect(unused.allSatisfy { $0.commands.isEmpty && $0.status != .failure })
    }

    @Test("a list that is not mounted, disabled, empty or good")
    func lists() async throws {
        func status(_ root: ScratchRoot, _ needed: Bool) async -> [Finding.Status] {
            await HostHandlersCheck(machine: root.machine(), areNeeded: needed).findings().map(\.status)
        }
        let missing = try root([:], status: nil)
        #expect(await status(missing, true) == [.failure])
        #expect(await status(missing, false) == [.ok])
        let disabled = try root(["qemu-aarch64": Self.entry("F")], status: "disabled\n", interpreter: Self.program)
        #expect(await status(disabled, true) == [.failure])
        #expect(await status(disabled, false) == [.note])
        #expect(await status(try root([:]), true) == [.failure])
        let good = try root(["qemu-aarch64": Self.entry("POCF")], interpreter: Self.program)
        #expect(await status(good, true) == [.ok])
    }
}
