// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import CSandbox
import Glibc
import SystemPackage

/// A plan as C sees it. Everything that the child reads is allocated here, before the clone.
final class PlanMemory {
    private var strings: [UnsafeMutablePointer<CChar>] = []
    private var buffers: [UnsafeMutableRawBufferPointer] = []
    private var lists: [UnsafeMutableBufferPointer<UnsafePointer<CChar>?>] = []
    private let operations: UnsafeMutableBufferPointer<mf_operation>
    private(set) var plan = mf_plan()

    init(_ plan: SandboxPlan) {
        operations = .allocate(capacity: plan.operations.count)
        operations.initialize(repeating: mf_operation())
        for (index, operation) in plan.operations.enumerated() {
            operations[index] = lower(operation)
        }
        self.plan.operations = UnsafePointer(operations.baseAddress)
        self.plan.operations_count = operations.count
        self.plan.namespaces = UInt32(MF_NEW_CGROUP.rawValue)
        if plan.network == .none { self.plan.namespaces |= UInt32(MF_NEW_NETWORK.rawValue) }
        self.plan.input = plan.control?.input?.rawValue ?? -1
        self.plan.has_terminal = plan.control?.hasTerminal ?? false
        self.plan.joined = plan.joined?.copyOfProcess() ?? -1
        self.plan.arguments = list(plan.arguments.map { $0 } + [nil]).pointer
        self.plan.environment = list(plan.environment.map { $0 } + [nil]).pointer
    }

    deinit {
        if plan.joined >= 0 { close(plan.joined) }
        strings.forEach { $0.deallocate() }
        buffers.forEach { $0.deallocate() }
        lists.forEach { $0.deallocate() }
        operations.deallocate()
    }

    // MARK: Operations

    private func lower(_ operation: Operation) -> mf_operation {
        var result = mf_operation()
        switch operation {
        case .overlay(let lower, let upper, let work, let path, let interface):
            result.code = MF_OVERLAY.rawValue
            var options: [String?] = []
            for layer in lower { options += ["lowerdir+", layer.string] }
            // Syncs are skipped ("volatile"): the upper directory is read once, after the run, by this program.
            options += ["upperdir", upper.string, "workdir", work.string, "userxattr", nil, "volatile", nil]
            setStrings(&result, options)
            result.source = string(path.string)
            if interface == .oneString { result.flags = MF_LEGACY.rawValue }
        case .bindRoot(let directory, let path):
            result.code = MF_BIND_ROOT.rawValue
            setStrings(&result, [directory.string])
            result.source = string(path.string)
        case .fileSystem(let type, let options, let attributes, let slot):
            result.code = MF_FILE_SYSTEM.rawValue
            result.source = string(type)
            setStrings(&result, options.flatMap { [$0.key, $0.value] })
            result.number = attributes.rawValue
            result.slot = slot.rawValue
        case .attach(let slot, let target):
            result.code = MF_ATTACH.rawValue
            result.other = slot.rawValue
            set(&result, target)
        case .bind(let source, let recursive, let attributes, let target, let missing):
            result.code = MF_BIND.rawValue
            result.source = string(source.string)
            result.number = attributes.rawValue
            if recursive { result.flags |= MF_RECURSIVE.rawValue }
            set(&result, target, missing)
        case .restrict(let target, let attributes, let missing):
            result.code = MF_RESTRICT.rawValue
            result.number = attributes.rawValue
            set(&result, target, missing)
        case .protect(let slot, let attributes):
            result.code = MF_PROTECT.rawValue
            result.number = attributes.rawValue
            result.slot = slot.rawValue
        case .directory(let name, let mode, let slot):
            result.code = MF_DIRECTORY.rawValue
            result.number = UInt64(mode)
            set(&result, .init(slot: slot, path: name))
        case .file(let name, let mode, let slot):
            result.code = MF_FILE.rawValue
            result.number = UInt64(mode)
            set(&result, .init(slot: slot, path: name))
        case .link(let name, let destination, let slot):
            result.code = MF_SYMLINK.rawValue
            result.source = string(destination)
            set(&result, .init(slot: slot, path: name))
        case .pivot: result.code = MF_PIVOT.rawValue
        case .hostname(let name):
            result.code = MF_HOSTNAME.rawValue
            result.source = string(name)
        case .loopbackUp: result.code = MF_LOOPBACK.rawValue
        case .fork: result.code = MF_FORK.rawValue
        case .terminal(let size, let owner):
            result.code = MF_TERMINAL.rawValue
            result.number = UInt64(owner)
            result.second = UInt64(size.rows) << 16 | UInt64(size.columns)
        default: lowerRights(operation, &result)
        }
        return result
    }

    private func lowerRights(_ operation: Operation, _ result: inout mf_operation) {
        switch operation {
        case .changeDirectory(let path):
            result.code = MF_CHDIR.rawValue
            result.target = string(path)
        case .limit(let limit):
            result.code = MF_LIMIT.rawValue
            result.slot = limit.resource.number
            result.number = limit.soft
            result.second = limit.hard
        case .personality(let personality):
            result.code = MF_PERSONALITY.rawValue
            result.number = personality == .linux32 ? UInt64(MF_PERSONALITY_LINUX32) : 0
        case .boundingSet(let set):
            result.code = MF_BOUNDING.rawValue
            result.number = set.rawValue
        case .seccomp(let filter):
            result.code = MF_SECCOMP.rawValue
            setBytes(&result, filter.program)
        case .groups(let ids):
            result.code = MF_GROUPS.rawValue
            setBytes(&result, ids.withUnsafeBytes { Array($0) })
        case .group(let id):
            result.code = MF_GROUP.rawValue
            result.number = UInt64(id)
        case .user(let id):
            result.code = MF_USER.rawValue
            result.number = UInt64(id)
        case .capabilities(let set):
            result.code = MF_CAPABILITIES.rawValue
            result.number = set.rawValue
        case .execute(let candidates):
            result.code = MF_EXECUTE.rawValue
            setStrings(&result, candidates)
        default: break
        }
    }

    // MARK: Fields

    private func set(
        _ result: inout mf_operation, _ target: Operation.Target, _ missing: Operation.Missing = .fail
    ) {
        result.slot = target.slot.rawValue
        result.target = string(target.path)
        if missing == .skip { result.flags |= MF_SKIP_MISSING_TARGET.rawValue }
    }

    private func setStrings(_ result: inout mf_operation, _ values: [String?]) {
        let list = list(values)
        result.strings = list.pointer
        result.strings_count = list.count
    }

    private func setBytes(_ result: inout mf_operation, _ bytes: [UInt8]) {
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: max(bytes.count, 1), alignment: 8)
        buffer.copyBytes(from: bytes)
        buffers.append(buffer)
        result.bytes = UnsafeRawPointer(buffer.baseAddress)
        result.bytes_count = bytes.count
    }

    private func string(_ text: String) -> UnsafePointer<CChar> {
        let bytes = text.utf8CString
        let copy = UnsafeMutablePointer<CChar>.allocate(capacity: bytes.count)
        bytes.withUnsafeBufferPointer { source in
            for (index, byte) in source.enumerated() { copy[index] = byte }
        }
        strings.append(copy)
        return UnsafePointer(copy)
    }

    private func list(_ values: [String?]) -> (pointer: UnsafePointer<UnsafePointer<CChar>?>?, count: Int) {
        let buffer = UnsafeMutableBufferPointer<UnsafePointer<CChar>?>.allocate(capacity: max(values.count, 1))
        buffer.initialize(repeating: nil)
        for (index, value) in values.enumerated() { buffer[index] = value.map { string($0) } }
        lists.append(buffer)
        return (UnsafePointer(buffer.baseAddress), values.count)
    }
}
