// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import ArgumentParser

/// Flags of `docker buildx build` and `docker build` that mean nothing here: they are taken, and that they do nothing is
/// said in a line each, so that command lines written for these work.
struct IgnoredOptions: ParsableArguments {
    @Option(name: .customLong("builder"), help: .hidden) var builder: String?
    @Option(name: .customLong("policy"), help: .hidden) var policies: [String] = []
    @Option(name: .customLong("cgroup-parent"), help: .hidden) var controlGroup: String?
    @Option(name: .customLong("attest"), help: .hidden) var attestations: [String] = []
    @Option(name: .customLong("provenance"), help: .hidden) var provenance: String?
    @Option(name: .customLong("sbom"), help: .hidden) var materials: String?
    @Option(name: .customLong("isolation"), help: .hidden) var isolation: String?
    @Option(name: .customLong("security-opt"), help: .hidden) var securityOptions: [String] = []
    @Option(name: .customLong("memory-swap"), parsing: .unconditional, help: .hidden) var swap: String?
    @Option(name: .customLong("cpu-period"), parsing: .unconditional, help: .hidden) var processorPeriod: String?
    @Option(name: .customLong("cpu-quota"), parsing: .unconditional, help: .hidden) var processorQuota: String?
    @Option(name: [.customShort("c"), .customLong("cpu-shares")], help: .hidden) var processorShares: String?
    @Option(name: .customLong("cpuset-cpus"), help: .hidden) var processorSet: String?
    @Option(name: .customLong("cpuset-mems"), help: .hidden) var memorySet: String?
    @Option(name: .customLong("resource"), help: .hidden) var resources: [String] = []
    @Flag(name: .customLong("compress"), help: .hidden) var compresses = false
    @Flag(name: .customLong("squash"), help: .hidden) var squashes = false
    @Flag(name: .customLong("rm"), help: .hidden) var removes = false
    @Flag(name: .customLong("force-rm"), help: .hidden) var alwaysRemoves = false
    @Flag(name: [.customShort("D"), .customLong("debug")], help: .hidden) var debugs = false

    /// What a person should know of the flags that were given.
    var remarks: [String] {
        let given: [(flag: String, isGiven: Bool, reason: String)] = [
            ("--builder", builder != nil, Self.noBuilder),
            ("--policy", !policies.isEmpty, "no policies are evaluated"),
            ("--cgroup-parent", controlGroup != nil, Self.noLimits),
            ("--attest", attestations.contains { !Self.disables($0) }, Self.noAttestations),
            ("--provenance", provenance.map { !Self.disables($0) } ?? false, Self.noAttestations),
            ("--sbom", materials.map { !Self.disables($0) } ?? false, Self.noAttestations),
            ("--isolation", isolation.map { $0 != "default" } ?? false, Self.oneSandbox),
            ("--security-opt", !securityOptions.isEmpty, Self.oneSandbox),
            ("--memory-swap", swap != nil, Self.noLimits),
            ("--cpu-period", processorPeriod != nil, Self.noLimits),
            ("--cpu-quota", processorQuota != nil, Self.noLimits),
            ("--cpu-shares", processorShares != nil, Self.noLimits),
            ("--cpuset-cpus", processorSet != nil, Self.noLimits),
            ("--cpuset-mems", memorySet != nil, Self.noLimits),
            ("--resource", !resources.isEmpty, Self.noLimits),
            ("--compress", compresses, "the build context is read where it is and never sent"),
            ("--squash", squashes, "layers are kept as the Dockerfile makes them"),
            ("--rm", removes, Self.noContainers),
            ("--force-rm", alwaysRemoves, Self.noContainers),
            ("--debug", debugs, "messages are always whole"),
        ]
        return given.filter(\.isGiven).map { "\($0.flag) has no effect: \($0.reason)" }
    }

    private static let noBuilder = "there are no builder instances, manifold builds by itself"
    private static let noAttestations = "no attestations are made"
    private static let noLimits = "steps have no resource limits of their own"
    private static let oneSandbox = "every step runs in the same kind of sandbox"
    private static let noContainers = "steps leave no containers behind"

    /// Whether the value of an attestation's flag asks for none.
    private static func disables(_ value: String) -> Bool {
        ["false", "0", "f"].contains(value.lowercased())
            || value.lowercased().split(separator: ",").contains {
                ["disabled=true", "disabled=1", "disabled"].contains($0)
            }
    }
}

extension ArgumentHelp {
    fileprivate static let hidden = ArgumentHelp("", visibility: .hidden)
}
