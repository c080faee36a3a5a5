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
            case .fileLocks: __RLIMIT_LOCKS
            case .fileSize: RLIMIT_FSIZE
            case .lockedMemory: __RLIMIT_MEMLOCK
            case .messageQueues: __RLIMIT_MSGQUEUE
            case .niceness: __RLIMIT_NICE
            case .openFiles: RLIMIT_NOFILE
            case .pendingSignals: __RLIMIT_SIGPENDING
            case .processes: __RLIMIT_NPROC
            case .realTimePriority: __RLIMIT_RTPRIO
            case .realTimeTimeout: __RLIMIT_RTTIME
            case .residentSet: __RLIMIT_RSS
            case .stack: RLIMIT_STACK
            }
        return Int32(resource.rawValue)
    }
}
