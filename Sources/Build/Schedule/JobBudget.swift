// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

/// What the steps of a build may use at one time.
package struct JobBudget: Sendable, Hashable {
    /// How many steps may run side by side; at least one.
    package var jobs: Int
    /// The memory, in bytes, that their commands may be expected to need together.
    package var memory: Int64

    package init(jobs: Int, memory: Int64 = .max) {
        self.jobs = max(1, jobs)
        self.memory = max(0, memory)
    }

    /// What a build may use on a machine: as many steps side by side as there are processors; a few more when that lets
    /// every platform go on, since steps often wait for a disk or a network.
    ///
    /// - Parameters:
    ///   - jobs: what the user wants; nil leaves it to the machine.
    ///   - memory: what the user wants; nil leaves it to the machine.
    package init(jobs: Int?, memory: Int64?, platforms: Int, on machine: Machine) {
        let usual = min(max(machine.processors, platforms), 2 * machine.processors)
        self.init(jobs: jobs ?? usual, memory: memory ?? machine.memory ?? .max)
    }

    /// What this process may use of the machine that it runs on.
    package struct Machine: Sendable, Hashable {
        package var processors: Int
        /// The bytes of memory that steps may take; nil when that is not known.
        package var memory: Int64?

        package init(processors: Int, memory: Int64?) {
            self.processors = max(1, processors)
            self.memory = memory
        }
    }

    /// How many processes one command should start at once (`make -j`): its part of the processors, and no more than
    /// its part of the memory has room for.
    ///
    /// - Parameter besides: how many steps are likely to run side by side.
    package func processes(of cost: JobCost, sideBySide: Int, processors: Int) -> Int {
        let steps = max(1, min(jobs, sideBySide))
        let each = max(1, cost.memory)
        let room = Int(clamping: memory / Int64(steps) / each)
        return max(1, min(processors / steps, room))
    }
}

/// What a step is expected to take while it runs.
package struct JobCost: Sendable, Hashable {
    /// Bytes of memory; none for what only reads and writes files.
    package var memory: Int64
    /// Whether an emulator runs it: such steps come after those that the machine runs by itself.
    package var isEmulated: Bool

    package init(memory: Int64 = 0, isEmulated: Bool = false) {
        self.memory = memory
        self.isEmulated = isEmulated
    }

    /// What moves files and starts no command.
    package static let files = JobCost()
    /// A command that the machine runs by itself: half a GiB, a compiler or a package manager at work.
    package static let native = JobCost(memory: 512 << 20)
    /// A command under an emulator, which keeps the translated code beside the program.
    package static let emulated = JobCost(memory: 768 << 20, isEmulated: true)
}
