// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import CSandbox
import Emulation
import FoundationEssentials
import Glibc
import OCI
import Sandbox
import Synchronization
import SystemPackage

/// One request, carried out.
struct Probe: Sendable {
    let request: ProbeRequest

    func run() async throws -> ProbeResult {
        for _ in 0..<request.busyThreads { Self.startBusyThread() }

        var environment = request.environment
        var personality = Personality.native
        let handlers = PrivateBinfmt()
        if let text = request.platform {
            let platform = try Platform(text)
            let mode = try ExecutionMode(for: platform, finder: EmulatorFinder())
            environment += mode.environment(for: platform)
            switch mode {
            case .native(.thirtyTwoBit): personality = .linux32
            case .native(.itself): break
            case .emulated(let emulator): try await handlers.register(emulator, for: platform)
            }
        }
        let root = try FileSystem(request)
        let sandbox = Sandbox(host: facts())
        // The first dispatch source opens descriptors that stay; they are no leak.
        _ = try? await one(sandbox, root, environment, personality, name: "warm", arguments: ["/nonexistent"])
        let before = Self.descriptors()
        let start = ContinuousClock.now
        var results: [ProbeResult] = []
        try await withThrowingTaskGroup(of: ProbeResult.self) { group in
            for index in 0..<request.count {
                group.addTask { [environment, personality] in
                    try await one(
                        sandbox, root, environment, personality, name: "\(index)", arguments: request.arguments)
                }
            }
            for try await result in group { results.append(result) }
        }
        guard var result = results.first else { return ProbeResult() }
        let elapsed = ContinuousClock.now - start
        result.seconds = Double(elapsed.components.seconds) + Double(elapsed.components.attoseconds) / 1e18
        result.equalRuns =
            results.filter { $0.output == result.output && $0.code == result.code && $0.error == nil }.count
        result.leakedDescriptors = Self.descriptors() - before
        result.hasChildren = waitpid(-1, nil, WNOHANG | Int32(bitPattern: UInt32(0x4000_0000))) != -1 || errno != ECHILD
        result.uid = getuid()
        await handlers.keepAlive()
        return result
    }

    private func one(
        _ sandbox: Sandbox, _ root: FileSystem, _ environment: [String], _ personality: Personality, name: String,
        arguments: [String]
    ) async throws -> ProbeResult {
        let directory = FilePath(request.directory).appending("run-\(name)")
        let directories = ["", "upper", "work", "scratch"].map { $0.isEmpty ? directory : directory.appending($0) }
        for path in directories { mkdir(path.string, 0o755) }
        let network = NetworkMode(rawValue: request.network) ?? .host
        var mounts = request.mounts.map { Self.mount($0) }
        if request.networkFiles {
            mounts += try NetworkFiles.mounts(
                in: directory.appending("scratch"), network: network, hostname: request.hostname)
        }
        let rootFileSystem: RootFileSystem =
            request.lowers.isEmpty
            ? .directory(FilePath(request.directory).appending("root"))
            : .overlay(lower: request.lowers.map { FilePath($0) }, upper: directories[1], work: directories[2])
        let spec = SandboxSpec(
            root: rootFileSystem, arguments: arguments, environment: environment,
            workingDirectory: request.workingDirectory, user: try root.users.identity(request.user),
            hostname: request.hostname, network: network, mounts: mounts, personality: personality,
            scratch: directories[3])
        let output = Mutex<(out: [UInt8], err: [UInt8])>(([], []))
        let task = Task {
            try await sandbox.run(spec) { stream, bytes in
                if request.isStreaming { _ = try? FileDescriptor.standardOutput.writeAll(bytes) }
                output.withLock {
                    if stream == .standardOutput { $0.out += bytes } else { $0.err += bytes }
                }
            }
        }
        if let milliseconds = request.cancelAfter {
            try await Task.sleep(for: .milliseconds(milliseconds))
            task.cancel()
        }
        var result = ProbeResult()
        do {
            switch try await task.value {
            case .exit(let code): result.code = code
            case .signal(let number): result.signal = number
            }
        } catch let error as SandboxError {
            result.error = "\(error)"
            result.remedy = error.remedy
        } catch is CancellationError {
            result.wasCancelled = true
        }
        output.withLock {
            result.output = String(decoding: $0.out, as: UTF8.self)
            result.errors = String(decoding: $0.err, as: UTF8.self)
        }
        result.upper = Self.list(directories[1], prefix: "").sorted()
        return result
    }

    private func facts() -> HostFacts {
        var facts = HostFacts.current()
        if request.usesLegacyOverlay { facts.overlayInterface = .oneString }
        return facts
    }

    private static func mount(_ mount: ProbeRequest.Mount) -> SandboxMount {
        let access: SandboxMount.Access = mount.isReadOnly ? .readOnly : .readWrite
        switch mount.kind {
        case "file": return SandboxMount(.file(FilePath(mount.source), access), at: mount.target)
        case "directory": return SandboxMount(.directory(FilePath(mount.source), access), at: mount.target)
        default: return SandboxMount(.memory(size: 1 << 20, mode: 0o1777), at: mount.target)
        }
    }

    private static func list(_ directory: FilePath, prefix: String) -> [String] {
        guard let stream = opendir(directory.string) else { return [] }
        defer { closedir(stream) }
        var paths: [String] = []
        while let entry = readdir(stream) {
            let name = withUnsafeBytes(of: entry.pointee.d_name) {
                String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self)
            }
            if name == "." || name == ".." { continue }
            paths.append(prefix + name)
            if entry.pointee.d_type == DT_DIR { paths += list(directory.appending(name), prefix: prefix + name + "/") }
        }
        return paths
    }

    private static func descriptors() -> Int { list("/proc/self/fd", prefix: "").count }

    private static func startBusyThread() {
        var thread = pthread_t()
        pthread_create(
            &thread, nil,
            { _ in
                while true { free(malloc(Int.random(in: 1...4096))) }
            }, nil)
    }
}

/// The users of the request's root file system.
struct FileSystem: Sendable {
    let users: UserDatabase

    init(_ request: ProbeRequest) throws {
        let layers = request.lowers.isEmpty ? [request.directory + "/root"] : request.lowers
        users = try RootView(layers: layers.map { FilePath($0) }).userDatabase()
    }
}

extension PrivateBinfmt {
    /// Does nothing, late enough.
    func keepAlive() {}
}
