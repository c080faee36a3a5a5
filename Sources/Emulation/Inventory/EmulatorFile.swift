// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import CSandbox
import Glibc
import OCI
public import SystemPackage

/// What the bytes of a program say of it as an emulator; nothing is run for that.
public struct EmulatorFile: Hashable, Sendable {
    /// QEMU's name of what it emulates; nil when the file does not say.
    public let target: EmulatorTarget?
    /// Which version of QEMU it is; nil when the file does not say.
    public let version: QEMUVersion?
    /// Whether it needs no libraries of the host.
    public let isStatic: Bool
    /// The machine that it runs on itself, in words.
    public let machine: String?
    /// Whether this machine's processor runs it.
    public let isForHost: Bool

    /// Reads a file; nil when it cannot be read or is no program.
    public init?(_ path: FilePath) {
        guard let descriptor = try? FileDescriptor.open(path, .readOnly, options: [.closeOnExec, .nonBlocking]) else {
            return nil
        }
        defer { try? descriptor.close() }
        guard let bytes = HostFile.beginning(of: descriptor, count: 4096), let header = ELFHeader(bytes),
            let program = ProgramFile(bytes)
        else { return nil }
        isStatic = program.isStatic
        machine = program.machine
        isForHost = EmulatorTable.target(for: .host).map { header.isProgram(of: $0) } ?? false
        var line = [CChar](repeating: 0, count: 256)
        guard mf_qemu_version(descriptor.rawValue, &line, line.count) else {
            (target, version) = (nil, nil)
            return
        }
        let text = String(decoding: line.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
        let words = text.split(separator: " ", maxSplits: 2)
        target = words.first.flatMap { EmulatorTable.target(named: String($0.dropFirst("qemu-".count))) }
        version = words.count == 3 ? QEMUVersion(String(words[2])) : nil
    }
}

extension Emulator {
    /// What its file says of it.
    public var file: EmulatorFile? { EmulatorFile(path) }
}
