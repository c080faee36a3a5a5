// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import CSandbox
import CSeccomp
import Glibc
import SystemPackage

/// A system call filter as the kernel takes it.
public struct SeccompFilter: Hashable, Sendable {
    /// The BPF program.
    var program: [UInt8]

    /// What Docker's default profile means to keep from a container with the default capabilities, as a list of what is
    /// denied: a call that is newer than this list is the kernel's to judge, and emulators, which make calls on
    /// behalf of other architectures, find everything that they are used to.
    static func containerDefault() throws(SandboxError) -> SeccompFilter {
        try cached.get()
    }

    /// Made once: it is the same for every run.
    private static let cached: Result<SeccompFilter, SandboxError> = Result { () throws(SandboxError) in try make() }

    /// Calls that answer "operation not permitted".
    private static let denied = [
        "_sysctl", "acct", "add_key", "bpf", "clock_adjtime", "clock_adjtime64", "clock_settime",
        "clock_settime64", "create_module", "delete_module", "fanotify_init", "finit_module", "fsconfig", "fsmount",
        "fsopen", "fspick", "get_kernel_syms", "get_mempolicy", "init_module", "io_uring_enter",
        "io_uring_register", "io_uring_setup", "ioperm", "iopl", "kcmp", "kexec_file_load", "kexec_load", "keyctl",
        "lookup_dcookie", "mbind", "migrate_pages", "mount", "mount_setattr", "move_mount", "move_pages",
        "nfsservctl", "open_by_handle_at", "open_tree", "perf_event_open", "pidfd_getfd", "pivot_root",
        "process_vm_readv", "process_vm_writev", "query_module", "quotactl", "quotactl_fd", "reboot", "request_key",
        "set_mempolicy", "set_mempolicy_home_node", "setdomainname", "sethostname", "setns", "settimeofday", "stime",
        "swapoff", "swapon", "sysfs", "syslog", "umount", "umount2", "unshare", "uselib", "userfaultfd", "ustat",
        "vhangup", "vm86", "vm86old",
    ]

    /// The flags of clone(2) that make namespaces.
    private static let namespaceFlags: [UInt64] = [
        0x0002_0000, 0x0200_0000, 0x0400_0000, 0x0800_0000, 0x1000_0000, 0x2000_0000, 0x4000_0000,
    ]

    private static func make() throws(SandboxError) -> SeccompFilter {
        let allow: UInt32 = 0x7fff_0000
        let refuse = { (error: Int32) -> UInt32 in 0x0005_0000 | UInt32(error) }
        guard let context = seccomp_init(allow) else { throw .preparation("making the system call filter", .noMemory) }
        defer { seccomp_release(context) }
        // Programs of the sister architectures are held to the same rules; of any other there can be none.
        for architecture in sisters { try check(seccomp_arch_add(context, architecture), unless: EEXIST) }
        // AF_VSOCK reaches the hypervisor. A rule is for the architectures known so far, and i386 comes after this one:
        // its sockets are made inside socketcall(2), where a filter cannot look, so that it would lose them all.
        let vsock = scmp_arg_cmp(arg: 0, op: SCMP_CMP_EQ, datum_a: 40, datum_b: 0)
        let socket = seccomp_syscall_resolve_name("socket")
        try check(withUnsafePointer(to: vsock) { seccomp_rule_add_array(context, refuse(EPERM), socket, 1, $0) })
        for architecture in socketCallSisters { try check(seccomp_arch_add(context, architecture), unless: EEXIST) }
        try check(seccomp_attr_set(context, SCMP_FLTATR_ACT_BADARCH, refuse(ENOSYS)))
        // Without no_new_privs set-uid programs keep working; whoever installs the filter has CAP_SYS_ADMIN.
        try check(seccomp_attr_set(context, SCMP_FLTATR_CTL_NNP, 0))
        // A binary tree instead of a list.
        try check(seccomp_attr_set(context, SCMP_FLTATR_CTL_OPTIMIZE, 2))
        for name in denied {
            let number = seccomp_syscall_resolve_name(name)
            if number == unknownCall { continue }
            try check(seccomp_rule_add_array(context, refuse(EPERM), number, 0, nil))
        }
        // Its flags are in memory, where a filter cannot look; C libraries then fall back to clone.
        try check(seccomp_rule_add_array(context, refuse(ENOSYS), seccomp_syscall_resolve_name("clone3"), 0, nil))
        let clone = seccomp_syscall_resolve_name("clone")
        for flag in namespaceFlags {
            let set = scmp_arg_cmp(arg: cloneFlagsArgument, op: SCMP_CMP_MASKED_EQ, datum_a: flag, datum_b: flag)
            try check(withUnsafePointer(to: set) { seccomp_rule_add_array(context, refuse(EPERM), clone, 1, $0) })
        }
        return SeccompFilter(program: try export(context))
    }

    private static let unknownCall: Int32 = -1

    #if arch(x86_64)
        private static let sisters: [UInt32] = [0x4000_003e]
        private static let socketCallSisters: [UInt32] = [0x4000_0003]
    #elseif arch(arm64)
        private static let sisters: [UInt32] = [0x4000_0028]
        private static let socketCallSisters: [UInt32] = []
    #else
        private static let sisters: [UInt32] = []
        private static let socketCallSisters: [UInt32] = []
    #endif

    #if arch(s390x)
        private static let cloneFlagsArgument: UInt32 = 1
    #else
        private static let cloneFlagsArgument: UInt32 = 0
    #endif

    private static func export(_ context: scmp_filter_ctx) throws(SandboxError) -> [UInt8] {
        let file = mf_memory_file()
        guard file >= 0 else { throw .preparation("making the system call filter", Errno(rawValue: errno)) }
        let descriptor = FileDescriptor(rawValue: file)
        defer { try? descriptor.close() }
        try check(seccomp_export_bpf(context, file))
        do {
            try descriptor.seek(offset: 0, from: FileDescriptor.SeekOrigin.start)
            return try HostFile.bytes(of: descriptor, limit: 1 << 20)
        } catch {
            throw .preparation("making the system call filter", (error as? Errno) ?? .ioError)
        }
    }

    private static func check(_ result: Int32, unless harmless: Int32 = 0) throws(SandboxError) {
        guard result == 0 || -result == harmless else {
            throw .preparation("making the system call filter", Errno(rawValue: -result))
        }
    }
}
