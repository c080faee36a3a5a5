// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

public import Emulation
import FoundationEssentials
public import OCI

/// The part of an examination that has to be in a user namespace of manifold's.
public struct InsideExamination: Sendable {
    private let machine: ExaminedMachine
    private let finder: EmulatorFinder
    private let platforms: [Platform]
    private let areAsked: Bool

    public init(_ machine: ExaminedMachine, finder: EmulatorFinder, platforms: [Platform], areAsked: Bool) {
        self.machine = machine
        self.finder = finder
        self.platforms = platforms
        self.areAsked = areAsked
    }

    /// Tries everything.
    public func findings() async -> [Finding] {
        let directory = machine.storePlace
        let place: ProofPlace
        do { place = try ProofPlace(in: directory) } catch {
            return [
                Finding(
                    "overlay", .failure, "overlayfs",
                    "cannot be tried: no directory can be made in \(directory): \(error)",
                    advice: "choose another place for the store with --root or MANIFOLD_ROOT")
            ]
        }
        defer { place.remove() }
        let overlay = await OverlayCheck(place: place).findings()
        let rest = EmulatorsCheck(
            machine: machine, place: place, finder: finder, platforms: platforms, areAsked: areAsked)
        return overlay + (await rest.findings())
    }
}

/// Findings as they travel from one process to another, and to whoever asked for JSON.
public enum FindingList {
    public static func encode(_ findings: [Finding]) throws -> [UInt8] { Array(try JSONEncoder().encode(findings)) }

    public static func decode(_ bytes: [UInt8]) throws -> [Finding] {
        try JSONDecoder().decode([Finding].self, from: Data(bytes))
    }
}
