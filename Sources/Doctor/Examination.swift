// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

public import Emulation
import Glibc
public import OCI
public import Registry
public import SystemPackage

/// Everything that a build needs of a machine, looked at and tried.
public struct Examination: Sendable {
    public var machine: ExaminedMachine
    public var finder: EmulatorFinder
    public var platforms: [Platform]
    /// Whether somebody asked for these platforms.
    public var arePlatformsAsked: Bool
    /// Files with credentials.
    public var credentialFiles: [FilePath]
    /// The registries to reach, and whether somebody asked for them.
    public var registries: [String]
    public var areRegistriesAsked: Bool
    public var client: RegistryClient
    public var registryTimeLimit = Duration.seconds(5)
    /// Enters a user namespace and carries out an InsideExamination in there; what it says when it cannot enter.
    public var inside: @Sendable () async -> Inside

    /// What came of the part that is in a user namespace.
    public enum Inside: Sendable {
        case findings([Finding])
        /// The user namespace could not be entered.
        case notEntered(sentence: String, remedy: String?)
    }

    public init(
        _ machine: ExaminedMachine, finder: EmulatorFinder, platforms: [Platform], arePlatformsAsked: Bool,
        credentialFiles: [FilePath], registries: [String], areRegistriesAsked: Bool,
        client: RegistryClient, inside: @escaping @Sendable () async -> Inside
    ) {
        self.machine = machine
        self.finder = finder
        self.platforms = platforms
        self.arePlatformsAsked = arePlatformsAsked
        self.credentialFiles = credentialFiles
        self.registries = registries
        self.areRegistriesAsked = areRegistriesAsked
        self.client = client
        self.inside = inside
    }

    /// Carries it out; findings are in the order in which things depend on each other.
    public func findings() async -> [Finding] {
        async let answers = registryFindings()
        var findings = await KernelCheck(machine: machine).findings()
        let namespaces =
            await UserNamespaceCheck(machine: machine, trial: { .now() }).findings()
            + SubordinateIDsCheck(machine: machine).findings()
        findings += namespaces
        let tried = await proofs(namespaces)
        findings += tried
        let ownHandlers = tried.first { $0.check == "private-handlers" }?.status == .ok
        // Where nothing could be tried, the kernel's version has to do.
        let areNeeded =
            tried.contains { $0.check == "private-handlers" } ? !ownHandlers : machine.kernelVersion < (6, 7)
        let rest: [any Check] = [
            HostHandlersCheck(machine: machine, areNeeded: areNeeded),
            ResourcesCheck(machine: machine, now: time(nil)),
            ProgramsCheck(machine: machine), RuntimeCheck(),
            CredentialHelpersCheck(machine: machine, files: credentialFiles),
        ]
        for check in rest { findings += await check.findings() }
        return findings + (await answers)
    }

    private func proofs(_ namespaces: [Finding]) async -> [Finding] {
        guard !namespaces.contains(where: { $0.status == .failure }) else {
            return [
                Finding(
                    "sandbox", .note, "sandbox, overlayfs, emulators",
                    "not tried: they need what is missing above")
            ] + (await emulatorFiles())
        }
        switch await inside() {
        case .findings(let findings): return findings
        case .notEntered(let sentence, let remedy):
            return [Finding("sandbox", .failure, "sandbox", sentence, advice: remedy)] + (await emulatorFiles())
        }
    }

    /// So that one round is enough where more than one thing is missing.
    private func emulatorFiles() async -> [Finding] {
        await EmulatorFilesCheck(
            machine: machine, finder: finder, platforms: platforms, areAsked: arePlatformsAsked
        ).findings()
    }

    private func registryFindings() async -> [Finding] {
        var findings: [Finding] = []
        for registry in registries {
            findings += await RegistryCheck(
                registry: registry, client: client, timeLimit: registryTimeLimit, isAsked: areRegistriesAsked
            ).findings()
        }
        return findings
    }
}
