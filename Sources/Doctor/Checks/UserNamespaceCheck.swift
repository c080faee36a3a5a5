// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import CSandbox
package import SystemPackage

/// Whether this user may make user namespaces and mount in them, tried in a child.
package struct UserNamespaceCheck: Check {
    /// What a trial showed.
    package enum Trial: Hashable, Sendable {
        case works
        case noNamespace(Errno)
        case noMount(Errno)
        case unknown(Errno)

        /// Tries it here and now.
        package static func now() -> Trial {
            var error: Int32 = 0
            return switch mf_try_namespaces(&error) {
            case MF_TRIAL_OK: .works
            case MF_TRIAL_NO_NAMESPACE: .noNamespace(Errno(rawValue: error))
            case MF_TRIAL_NO_MOUNT: .noMount(Errno(rawValue: error))
            default: .unknown(Errno(rawValue: error))
            }
        }
    }

    let machine: ExaminedMachine
    let trial: @Sendable () -> Trial

    package init(machine: ExaminedMachine, trial: @escaping @Sendable () -> Trial) {
        self.machine = machine
        self.trial = trial
    }

    package func findings() async -> [Finding] {
        let (what, error): (String, Errno)
        switch trial() {
        case .works:
            return [Finding("user-namespaces", .ok, "user namespaces", "this user may make them and mount in them")]
        case .noNamespace(let errno): (what, error) = ("making one failed", errno)
        case .noMount(let errno): (what, error) = ("one can be made, but mounting in it failed", errno)
        case .unknown(let errno):
            return [Finding("user-namespaces", .warning, "user namespaces", "could not be tried: \(errno)")]
        }
        let cause = cause(error)
        return [
            Finding(
                "user-namespaces", .failure, "user namespaces",
                "\(what): \(error)" + (cause.why.map { "; \($0)" } ?? ""),
                advice: cause.advice, commands: cause.commands)
        ]
    }

    private struct Cause {
        var why: String?
        var advice: String?
        var commands: [Finding.Command] = []
    }

    /// What of the settings forbids it; the kernel's answer alone does not tell.
    private func cause(_ error: Errno) -> Cause {
        if machine.number("/proc/sys/user/max_user_namespaces") == 0 {
            return Cause(
                why: "user.max_user_namespaces is 0", commands: machine.setting("user.max_user_namespaces", to: "65536")
            )
        }
        if machine.number("/proc/sys/kernel/unprivileged_userns_clone") == 0, machine.userID != 0 {
            return Cause(
                why: "kernel.unprivileged_userns_clone lets only root",
                commands: machine.setting("kernel.unprivileged_userns_clone", to: "1"))
        }
        if machine.number("/proc/sys/kernel/apparmor_restrict_unprivileged_userns") ?? 0 != 0, machine.userID != 0 {
            return Cause(
                why: "AppArmor takes the rights in them away from programs without a profile",
                advice: "this gives manifold a profile, and leaves all other programs as they are",
                commands: [machine.sudo(profile)])
        }
        if machine.isContainer {
            return Cause(
                why: "the container that this runs in forbids it",
                advice: "start it with --security-opt seccomp=unconfined --security-opt apparmor=unconfined "
                    + "--security-opt systempaths=unconfined, or run manifold outside of it")
        }
        if error == .noSpace {
            return Cause(
                why: "there are too many, or too many in one another",
                commands: machine.setting("user.max_user_namespaces", to: "65536"))
        }
        let filtered = machine.text("/proc/self/status")?.contains("Seccomp:\t2") ?? false
        return Cause(
            why: filtered
                ? "a seccomp filter of what started this shell forbids it"
                : "a security module, a chroot or a surrounding container forbids it",
            advice: "run manifold from a plain shell of this machine")
    }

    private var profile: String {
        let lines =
            "abi <abi/4.0>,\\ninclude <tunables/global>\\nprofile manifold \(machine.program) flags=(unconfined) { userns, }\\n"
        return "sh -c \"printf '\(lines)' > /etc/apparmor.d/manifold && apparmor_parser -r /etc/apparmor.d/manifold\""
    }
}
