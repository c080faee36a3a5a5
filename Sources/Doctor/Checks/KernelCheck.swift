// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

/// Which kernel it is, and whether it is new enough.
package struct KernelCheck: Check {
    let machine: ExaminedMachine

    package init(machine: ExaminedMachine) {
        self.machine = machine
    }

    package func findings() async -> [Finding] {
        let version = machine.kernelVersion
        let name = "Linux \(machine.kernel)"
        if version < (5, 11) {
            return [
                Finding(
                    "kernel", .failure, "kernel", "\(name) cannot mount overlays in a user namespace: 5.11 is needed",
                    advice: "install a newer kernel, or run manifold as root")
            ]
        }
        guard version < (6, 7) else { return [Finding("kernel", .ok, "kernel", name)] }
        return [
            Finding(
                "kernel", .note, "kernel",
                "\(name) gives no handlers to a user namespace (6.7 does), so that the host's are needed for emulation")
        ]
    }
}
