// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import Doctor
import Store
import SystemPackage

/// What `manifold doctor --fix` does by itself: nothing that needs root, and nothing that takes something away.
struct DoctorFixes {
    let machine: ExaminedMachine

    /// - Returns: what was done, a sentence for each.
    /// - Throws: ``StoreError``.
    func mend() throws -> [String] {
        let existed = Files.exists(machine.store.appending("version"))
        let scratch = machine.store.appending("scratch")
        let before = (try? Files.names(in: scratch).count) ?? 0
        // Makes what is missing of it, and clears what processes left that were killed.
        _ = try Store(at: machine.store)
        if !existed { return ["the store \(machine.store) was made"] }
        let after = (try? Files.names(in: scratch).count) ?? 0
        return after < before ? ["what killed builds had left in \(scratch) was removed"] : []
    }
}
