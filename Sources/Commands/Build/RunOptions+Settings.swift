// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import Build
import Dockerfile
import Glibc
import OCI
import Sandbox

/// From the text of flags to the values that a build wants.
extension RunOptions {
    /// The network of steps that do not choose one.
    ///
    /// - Throws: ``CommandError``.
    func networkMode() throws -> NetworkMode {
        switch network {
        case "default", "host": return .host
        case "none": return .none
        default: throw CommandError("--network \(network): there are default, host and none")
        }
    }

    /// Everything else that steps have.
    ///
    /// - Throws: ``CommandError``.
    func settings() throws -> RunSettings {
        var settings = RunSettings()
        settings.hosts = try hosts.map { try Self.host($0) }
        settings.sharedMemory = try sharedMemory.map { text in
            guard let size = ByteCount.parse(text), size > 0 else {
                throw CommandError("--shm-size \(text) is no size", remedy: "write it as --shm-size 128m")
            }
            return UInt64(size)
        }
        for text in limits {
            let limit = try ResourceLimit(flag: text)
            settings.limits.removeAll { $0.resource == limit.resource }
            settings.limits.append(limit)
        }
        settings.entitlements = Set(try entitlements.map { try Self.entitlement($0) })
        return settings
    }

    /// What --ssh says.
    ///
    /// - Throws: ``CommandError``.
    func agentOptions(in environment: Environment) throws -> [AgentOption] {
        var options: [AgentOption] = []
        for option in try agents.map({ try AgentOption(parsing: $0, in: environment) }) {
            // The last of equal ids wins.
            options.removeAll { $0.id == option.id }
            options.append(option)
        }
        return options
    }

    private static func entitlement(_ text: String) throws -> Entitlement {
        // A device may follow the word.
        let name = text.split(separator: "=", maxSplits: 1).first.map(String.init) ?? text
        if let entitlement = Entitlement(rawValue: name) { return entitlement }
        let all = Entitlement.allCases.map(\.rawValue)
        let guess = Spelling.nearest(to: name, among: all).map { "did you mean \($0)?" }
        throw CommandError(
            "--allow \(text): there is no such entitlement", remedy: guess ?? "there are \(all.joined(separator: ", "))"
        )
    }

    /// Reads the value of --add-host as Docker does.
    ///
    /// - Throws: ``CommandError``.
    static func host(_ text: String) throws -> HostEntry {
        guard let mark = text.firstIndex(of: "=") ?? text.firstIndex(of: ":"), mark > text.startIndex else {
            throw CommandError(
                "--add-host \(text): the address is missing", remedy: "write it as --add-host NAME=ADDRESS")
        }
        let name = String(text[..<mark])
        var address = String(text[text.index(after: mark)...])
        // The steps have this machine's own network.
        if address == "host-gateway" { address = "127.0.0.1" }
        if address.hasPrefix("[") && address.hasSuffix("]") { address = String(address.dropFirst().dropLast()) }
        guard isAddress(address), !name.contains(where: \.isWhitespace) else {
            throw CommandError(
                "--add-host \(text): \"\(address)\" is no IP address",
                remedy: "write it as 10.0.0.1, [::1] or host-gateway")
        }
        return HostEntry(name: name, address: address)
    }

    private static func isAddress(_ text: String) -> Bool {
        var buffer = in6_addr()
        return inet_pton(AF_INET, text, &buffer) == 1 || inet_pton(AF_INET6, text, &buffer) == 1
    }
}

extension ResourceLimit {
    /// Reads the value of --ulimit as Docker does.
    ///
    /// - Throws: ``CommandError``.
    init(flag text: String) throws {
        let parts = text.split(separator: "=", maxSplits: 1).map(String.init)
        guard parts.count == 2, let name = parts.first else {
            throw CommandError("--ulimit \(text) has no value", remedy: "write it as --ulimit nofile=SOFT:HARD")
        }
        guard let resource = Self.names[name] else {
            let all = Self.names.keys.sorted()
            throw CommandError(
                "--ulimit \(text): there is no limit called \(name)",
                remedy: Spelling.nearest(to: name, among: all).map { "did you mean \($0)?" }
                    ?? "there are \(all.joined(separator: ", "))")
        }
        let values = parts[1].split(separator: ":", omittingEmptySubsequences: false).map { Self.value($0) }
        guard let first = values.first, values.count <= 2, let soft = first, let hard = values.last ?? nil else {
            throw CommandError("--ulimit \(text) is no number", remedy: "write it as --ulimit \(name)=SOFT:HARD")
        }
        guard soft <= hard else {
            throw CommandError("--ulimit \(text): the soft limit is above the hard one")
        }
        self.init(resource, soft: soft, hard: hard)
    }

    private static func value(_ text: Substring) -> UInt64? { text == "-1" ? .max : UInt64(text) }

    private static let names: [String: Resource] = [
        "core": .core, "cpu": .cpu, "data": .data, "fsize": .fileSize, "locks": .fileLocks, "memlock": .lockedMemory,
        "msgqueue": .messageQueues, "nice": .niceness, "nofile": .openFiles, "nproc": .processes,
        "rss": .residentSet, "rtprio": .realTimePriority, "rttime": .realTimeTimeout,
        "sigpending": .pendingSignals, "stack": .stack,
    ]
}
