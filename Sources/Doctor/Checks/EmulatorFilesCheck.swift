// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import Emulation
import Host
import OCI
import SystemPackage

/// Whether there are emulators for platforms, without trying them.
struct EmulatorFilesCheck: Check {
    let machine: ExaminedMachine
    let finder: EmulatorFinder
    let platforms: [Platform]
    /// Whether somebody asked for these platforms.
    let areAsked: Bool

    func findings() async -> [Finding] {
        var missing: [(platform: Platform, target: String)] = []
        var dynamic: FilePath?
        var emulatedCount = 0
        for platform in platforms {
            guard let target = EmulatorTable.target(for: platform)?.target else { continue }
            do throws(EmulationError) {
                if case .emulated = try ExecutionMode(for: platform, finder: finder) { emulatedCount += 1 }
            } catch .notInstalled {
                missing.append((platform, target))
            } catch .notStatic(_, let path) {
                missing.append((platform, target))
                dynamic = dynamic ?? path
            } catch {
                // Who tries it tells of it.
                continue
            }
        }
        guard !missing.isEmpty else { return [] }
        let commands = machine.installation(of: .emulators(missing.map(\.target)))
        let imported =
            "this distribution has no package of static ones: manifold emulators import FILE brings in those of another "
            + "(qemu-aarch64-static and so on), or name a directory of them in MANIFOLD_QEMU_DIR"
        return [
            Finding(
                "emulators-missing", areAsked || emulatedCount == 0 ? .failure : .warning, "emulators",
                "there are none for \(missing.map(\.platform.description).joined(separator: ", "))"
                    + (dynamic.map { " (\($0) needs libraries that no image has: a static one is needed)" } ?? ""),
                advice: commands.isEmpty ? imported : nil, commands: commands)
        ]
    }
}
