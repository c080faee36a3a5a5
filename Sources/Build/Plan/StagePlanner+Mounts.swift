// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import Dockerfile
import OCI

extension StagePlanner {
    /// What the mounts of a RUN come to. Their sources are numbered in the order of the mounts that have one.
    ///
    /// - Throws: ``DockerfileError``.
    func mounts(of run: Run, at instruction: Instruction) throws -> [StepMount] {
        var sourceCount = 0
        var agentCount = 0
        return try run.mounts.map { mount in
            var source: Int?
            if let from = mount.from, try resolver.origin(named: from, at: instruction, in: stage) != .context {
                source = sourceCount
                sourceCount += 1
            }
            switch mount.kind {
            case .bind:
                return StepMount(
                    kind: .bind(source: source, path: mount.source ?? "/"),
                    target: try target(mount, at: instruction), isReadOnly: mount.readOnly)
            case .cache:
                let target = try target(mount, at: instruction)
                let cache = CacheMount(
                    name: cacheNamespace + (mount.id.map { "id \($0)" } ?? "path \(target) \(state.platform)"),
                    sharing: mount.sharing ?? .shared, source: source, path: mount.source ?? "/",
                    mode: mount.mode ?? 0o755, uid: mount.uid ?? 0, gid: mount.gid ?? 0)
                return StepMount(kind: .cache(cache), target: target, isReadOnly: mount.readOnly)
            case .tmpfs:
                return StepMount(
                    kind: .memory(size: mount.sizeLimit), target: try target(mount, at: instruction),
                    isReadOnly: mount.readOnly)
            case .secret:
                return try secret(mount, at: instruction)
            case .ssh:
                defer { agentCount += 1 }
                let target = mount.target ?? "/run/buildkit/ssh_agent.\(agentCount)"
                return StepMount(
                    kind: .agent(
                        SecretMount(
                            id: mount.id ?? "default", isRequired: mount.required, mode: mount.mode ?? 0o600,
                            uid: mount.uid ?? 0, gid: mount.gid ?? 0)),
                    target: Paths.resolve(target, against: state.workingDirectory), isReadOnly: false,
                    variable: "SSH_AUTH_SOCK")
            }
        }
    }

    /// What keeps the caches of builds apart that share a store.
    private var cacheNamespace: String {
        request.buildArguments["BUILDKIT_CACHE_MOUNT_NS"].map { $0.isEmpty ? "" : "\($0)/" } ?? ""
    }

    private func secret(_ mount: RunMount, at instruction: Instruction) throws -> StepMount {
        let named = mount.id ?? mount.source ?? mount.target.flatMap { $0.split(separator: "/").last.map(String.init) }
        guard let id = named, !id.isEmpty else {
            throw instruction.error("a secret mount needs an id or a target", culprit: "--mount")
        }
        let path = mount.target ?? (mount.environmentVariable == nil ? "/run/secrets/\(id)" : nil)
        return StepMount(
            kind: .secret(
                SecretMount(
                    id: id, isRequired: mount.required, mode: mount.mode ?? 0o400, uid: mount.uid ?? 0,
                    gid: mount.gid ?? 0)),
            target: path.map { Paths.resolve($0, against: state.workingDirectory) } ?? "", isReadOnly: true,
            variable: mount.environmentVariable)
    }

    private func target(_ mount: RunMount, at instruction: Instruction) throws -> String {
        guard let target = mount.target else {
            throw instruction.error("a \(mount.kind.rawValue) mount needs a target", culprit: "--mount")
        }
        let path = Paths.resolve(target, against: state.workingDirectory)
        guard path != "/" else { throw instruction.error("invalid mount target \"/\"", culprit: target) }
        return path
    }
}
