// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import Dockerfile
import Glibc
import Layers
import OCI
import Sandbox
import Store
import SystemPackage

/// Brings what a RUN step mounts to directories and files of this host.
struct MountPreparation: Sendable {
    let files: CopyStep
    let secrets: BuildSecrets

    /// What a run needs besides its layers; holds locks and files as long as it lives.
    struct Prepared {
        var mounts: [SandboxMount] = []
        var environment: [String] = []
        fileprivate var leases: [CacheLease] = []
        fileprivate var secretFolder: SecretFolder?
        fileprivate var proxies: [AgentProxy] = []

        /// The folder of what is lent and must not stay.
        fileprivate mutating func folder() throws -> SecretFolder {
            let folder = try secretFolder ?? SecretFolder()
            secretFolder = folder
            return folder
        }
    }

    /// The content that a step's bind mounts show, for its key.
    ///
    /// - Throws: ``CopyError``, ``LayersError``.
    func contentKey(_ mounts: [StepMount], sources: [StepSource]) async throws -> [String] {
        var digests: [String] = []
        for mount in mounts {
            guard case .bind(let source, let path) = mount.kind else { continue }
            digests.append(try await files.digest(of: path, in: source.map { sources[$0] }).description)
        }
        return digests
    }

    /// The same by the layers that are mounted, without looking into them; nil when none are.
    ///
    /// - Throws: ``CopyError``, ``LayersError``.
    func stackKey(_ mounts: [StepMount], sources: [StepSource]) async throws -> [String]? {
        var parts: [String] = []
        var isOfLayers = false
        for mount in mounts {
            guard case .bind(let source, let path) = mount.kind else { continue }
            let from = source.map { sources[$0] }
            if let layers = from?.layers {
                isOfLayers = true
                parts += ["layers", layers.chainID.description, path]
            } else {
                parts += ["files", try await files.digest(of: path, in: from).description]
            }
        }
        return isOfLayers ? parts : nil
    }

    /// Makes everything ready.
    ///
    /// - Throws: ``MountError``, ``CopyError``, ``LayersError``, ``StoreError``.
    func prepare(_ mounts: [StepMount], sources: [StepSource]) async throws -> Prepared {
        var prepared = Prepared()
        for mount in mounts {
            let access: SandboxMount.Access = mount.isReadOnly ? .readOnly : .readWrite
            switch mount.kind {
            case .bind(let source, let path):
                let tree = try await files.tree(
                    at: path, in: source.map { sources[$0] }, ownership: mount.isReadOnly ? .shared : .own)
                prepared.mounts.append(
                    SandboxMount(
                        tree.isDirectory ? .directory(tree.path, access) : .file(tree.path, access), at: mount.target))
            case .cache(let cache):
                let lease = try await lease(cache, sources: sources)
                prepared.leases.append(lease)
                prepared.mounts.append(SandboxMount(.directory(lease.path, access), at: mount.target))
            case .memory(let size):
                prepared.mounts.append(
                    SandboxMount(.memory(size: size.map { UInt64(max(0, $0)) }, mode: 0o1777), at: mount.target))
            case .secret(let secret): try add(secret, mount, to: &prepared)
            case .agent(let agent): try add(agent: agent, mount, to: &prepared)
            }
        }
        return prepared
    }

    private func add(agent: SecretMount, _ mount: StepMount, to prepared: inout Prepared) throws {
        guard let socket = secrets.agents[agent.id] else {
            if agent.isRequired { throw MountError.missingAgent(agent.id) }
            return
        }
        let path = try prepared.folder().newPath()
        do {
            let proxy = try AgentProxy(of: socket, at: path, mode: agent.mode, uid: agent.uid, gid: agent.gid)
            prepared.proxies.append(proxy)
        } catch {
            throw StoreError.file(operation: "listen at", path: path, errno: error as? Errno ?? .ioError)
        }
        prepared.mounts.append(SandboxMount(.file(path, .readWrite), at: mount.target))
        prepared.environment.append("SSH_AUTH_SOCK=\(mount.target)")
    }

    private func add(_ secret: SecretMount, _ mount: StepMount, to prepared: inout Prepared) throws {
        guard let bytes = try secrets.bytes(secret.id) else {
            if secret.isRequired { throw MountError.missingSecret(secret.id) }
            return
        }
        if let variable = mount.variable {
            prepared.environment.append("\(variable)=\(String(decoding: bytes, as: UTF8.self))")
        }
        guard !mount.target.isEmpty else { return }
        let path = try prepared.folder().add(bytes, mode: secret.mode, uid: secret.uid, gid: secret.gid)
        prepared.mounts.append(SandboxMount(.file(path, .readOnly), at: mount.target))
    }

    private func lease(_ cache: CacheMount, sources: [StepSource]) async throws -> CacheLease {
        let sharing: CacheLease.Sharing =
            switch cache.sharing {
            case .shared: .shared
            case .private: .own
            case .locked: .exclusive
            }
        return try await files.library.store.lease(cache: cache.name, sharing: sharing) { directory in
            if let source = cache.source {
                let tree = try await files.tree(at: cache.path, in: sources[source], ownership: .own)
                guard tree.isDirectory else { throw MountError.notADirectory(cache.path) }
                try Files.removeTree(directory)
                try Files.rename(tree.path, to: directory)
            } else {
                try Files.makeDirectories(directory, mode: 0o755)
            }
            guard chown(directory.string, cache.uid, cache.gid) == 0, chmod(directory.string, mode_t(cache.mode)) == 0
            else {
                throw StoreError.file(operation: "prepare", path: directory, errno: Errno(rawValue: errno))
            }
        }
    }
}

/// Why something cannot be mounted into a RUN step.
enum MountError: Error, Hashable {
    case missingSecret(String)
    case missingFile(String, FilePath)
    case missingAgent(String)
    case notADirectory(String)
}

extension MountError: CustomStringConvertible {
    var description: String {
        switch self {
        case .missingSecret(let id): "secret \(id): not found"
        case .missingFile(let id, let path): "secret \(id): there is no file \(path)"
        case .missingAgent(let id): "ssh agent \(id): not found"
        case .notADirectory(let path): "\"\(path)\" is not a directory, which the content of a cache has to be"
        }
    }

    /// What to do about it.
    var remedy: String? {
        switch self {
        case .missingSecret(let id): "give it with --secret id=\(id),src=FILE"
        case .missingAgent(let id): "start an agent and give it with --ssh \(id)"
        case .missingFile, .notADirectory: nil
        }
    }
}

/// Files of secrets while a step runs: in memory where the machine has a place for that, and gone afterwards.
private final class SecretFolder {
    private let path: FilePath
    private var count = 0

    init() throws {
        let parent: FilePath = Files.isDirectory("/dev/shm") ? "/dev/shm" : "/tmp"
        path = parent.appending("manifold-\(getpid())-\(UInt64.random(in: 0 ... .max))")
        try Files.makeDirectories(path, mode: 0o700)
    }

    deinit { try? Files.removeTree(path) }

    func newPath() -> FilePath {
        count += 1
        return path.appending(String(count))
    }

    func add(_ bytes: [UInt8], mode: UInt32, uid: UInt32, gid: UInt32) throws -> FilePath {
        let file = newPath()
        try Files.write(bytes, to: file)
        guard chown(file.string, uid, gid) == 0, chmod(file.string, mode_t(mode)) == 0 else {
            throw StoreError.file(operation: "prepare", path: file, errno: Errno(rawValue: errno))
        }
        return file
    }
}
