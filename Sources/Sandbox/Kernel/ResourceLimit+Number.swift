// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import Glibc

extension ResourceLimit.Resource {
    /// The number of the resource on this architecture.
    var number: Int32 {
        let resource: __rlimit_resource =
            switch self {
            case .addressSpace: RLIMIT_AS
            case .core: RLIMIT_CORE
            case .cpu: RLIMIT_CPU
            case .data: RLIMIT_DATA
            case .fileSize: RLIMIT_FSIZE
            case .lockedMemory: __RLIMIT_MEMLOCK
            case .openFiles: RLIMIT_NOFILE
            case .processes: __RLIMIT_NPROC
            case .stack: RLIMIT_STACK
            }
        return Int32(resource.rawValue)
    }
}
