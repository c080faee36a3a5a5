// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import Emulation
import Glibc
package import OCI

extension JobBudget.Machine {
    /// The machine as this process finds it now.
    static var current: Self {
        Self(processors: Int(sysconf(Int32(_SC_NPROCESSORS_ONLN))), memory: MemoryFacts.current.forSteps)
    }
}

extension JobBudget {
    /// What a build may use on its machine.
    init(for request: BuildRequest) {
        self.init(
            jobs: request.parallelism, memory: request.memory, platforms: request.platforms.count,
            on: request.machine ?? .current)
    }
}

extension JobCost {
    /// What a command of a platform takes.
    package init(of platform: Platform, on host: Platform) {
        self = ExecutionMode.native(for: platform, host: host) == nil ? .emulated : .native
    }

    /// What a step takes.
    package init(of vertex: BuildGraph.Vertex, on host: Platform) {
        if case .run(let operation) = vertex.operation {
            self.init(of: operation.platform, on: host)
        } else {
            self = .files
        }
    }
}
