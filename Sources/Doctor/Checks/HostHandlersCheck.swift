// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import Emulation
import Glibc
import Host
import SystemPackage

/// The handlers of the host's own binfmt_misc: whether they are in order, and whether manifold uses them at all.
package struct HostHandlersCheck: Check {
    let machine: ExaminedMachine
    /// Whether handlers of the host are what runs foreign programs, since this kernel gives a user namespace none.
    let areNeeded: Bool

    private static let folder = "/proc/sys/fs/binfmt_misc"

    package init(machine: ExaminedMachine, areNeeded: Bool) {
        self.machine = machine
        self.areNeeded = areNeeded
    }

    package func findings() async -> [Finding] {
        let unused = "manifold registers its own, which the host does not see"
        guard machine.text("\(Self.folder)/status") != nil else {
            guard areNeeded else {
                return [finding(.ok, "none are registered, and none are needed: \(unused)")]
            }
            return [
                finding(
                    .failure, "binfmt_misc is not mounted, and this kernel gives a user namespace none of its own",
                    [machine.sudo("sh -c \"modprobe binfmt_misc; mount -t binfmt_misc binfmt_misc \(Self.folder)\"")])
            ]
        }
        guard machine.text("\(Self.folder)/status")?.hasPrefix("enabled") == true else {
            return [
                finding(
                    areNeeded ? .failure : .note, "all are disabled" + (areNeeded ? "" : "; \(unused)"),
                    areNeeded ? [machine.sudo("sh -c \"echo 1 > \(Self.folder)/status\"")] : [])
            ]
        }
        let handlers = HostHandlers.current(in: machine.file(Self.folder))
            .filter { handler in EmulatorTable.all.contains { handler.takes($0) } }
        let troubles = handlers.compactMap(trouble) + overlaps(handlers)
        guard !troubles.isEmpty else {
            let count = handlers.isEmpty ? "none are" : handlers.count == 1 ? "one is" : "\(handlers.count) are"
            return [
                finding(
                    handlers.isEmpty && areNeeded ? .failure : .ok,
                    areNeeded ? "\(count) registered" : "\(count) registered and in order; \(unused)",
                    handlers.isEmpty && areNeeded ? [install] : [])
            ]
        }
        return troubles.map { trouble in
            finding(
                areNeeded ? .warning : .note, trouble.sentence + (areNeeded ? "" : " (\(unused))"),
                areNeeded ? trouble.commands : [])
        }
    }

    private func finding(
        _ status: Finding.Status, _ sentence: String, _ commands: [Finding.Command] = []
    ) -> Finding {
        Finding("host-handlers", status, "handlers of the host", sentence, commands: commands)
    }

    /// What registers handlers as they should be.
    private var install: Finding.Command { machine.sudo("\(machine.program) emulators install --persist all") }

    private struct Trouble {
        let sentence: String
        var commands: [Finding.Command] = []
    }

    /// What is wrong with a handler.
    private func trouble(_ handler: HostHandler) -> Trouble? {
        let entry = "\(Self.folder)/\(handler.name)"
        let remove = machine.sudo("sh -c \"echo -1 > \(entry)\"")
        guard handler.isEnabled else {
            return Trouble(
                sentence: "\(handler.name) is disabled", commands: [machine.sudo("sh -c \"echo 1 > \(entry)\"")])
        }
        let path = machine.file(handler.interpreter)
        let isFixed = handler.flags.contains("F")
        guard access(path.string, F_OK) == 0 else {
            return Trouble(
                sentence: isFixed
                    ? "\(handler.name) runs \(handler.interpreter), which is gone or in another root: it is the file that was there when it was registered"
                    : "\(handler.name) asks for \(handler.interpreter), which is not there: its programs end with \"no such file or directory\"",
                commands: isFixed ? [] : [remove])
        }
        guard isFixed else {
            return Trouble(
                sentence:
                    "\(handler.name) has no flag F, so that it works only where \(handler.interpreter) is, which is in no image",
                commands: [remove, install])
        }
        if let file = ProgramFile(beginningOf: path), !file.isStatic {
            return Trouble(
                sentence:
                    "\(handler.name) runs \(handler.interpreter), which needs libraries that no image has: a static one is needed",
                commands: [remove] + machine.installation(of: .emulators([])))
        }
        return nil
    }

    /// Handlers that take the same programs: the one that was registered last gets them.
    private func overlaps(_ handlers: [HostHandler]) -> [Trouble] {
        let enabled = handlers.filter(\.isEnabled)
        return EmulatorTable.all.filter { $0.removedIn == nil }.compactMap { target in
            let takers = enabled.filter { $0.takes(target) }.map(\.name)
            guard takers.count > 1 else { return nil }
            return Trouble(
                sentence:
                    "\(takers.joined(separator: " and ")) take the same programs: the one that was registered last gets them"
            )
        }
    }
}
