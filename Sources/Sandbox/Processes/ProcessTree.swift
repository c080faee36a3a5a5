// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

/// The processes of a sandbox at one moment, parents before their children.
public struct ProcessTree: Sendable, Hashable {
    /// One process.
    public struct Process: Sendable, Hashable {
        /// Its number in the sandbox.
        public let id: Int32
        /// How many of its ancestors are in the list.
        public let depth: Int
        /// What it was called with, without the emulator that runs it.
        public let command: String
        /// The processor time that it and those that it has waited for have used.
        public let processorTime: Duration
        /// What it does, as ps(1) has it: R runs, S sleeps, D waits for a disk, T is stopped, Z has ended.
        public let state: Character

        public init(id: Int32, depth: Int, command: String, processorTime: Duration, state: Character) {
            self.id = id
            self.depth = depth
            self.command = command
            self.processorTime = processorTime
            self.state = state
        }
    }

    public let processes: [Process]
    /// The processor time that the sandbox has used since it began.
    public let processorTime: Duration

    public init(_ processes: [Process] = [], processorTime: Duration = .zero) {
        self.processes = processes
        self.processorTime = processorTime
    }

    /// The descendants of a process, which is the sandbox's own and not in the list.
    package init(of root: Int32, among facts: [ProcessFacts]) {
        let children = Dictionary(grouping: facts, by: \.parent).mapValues { $0.sorted { $0.id < $1.id } }
        var processes: [Process] = []
        var time = facts.first { $0.id == root }?.processorTime ?? .zero
        var waiting = (children[root] ?? []).reversed().map { (facts: $0, depth: 0) }
        var seen: Set<Int32> = [root]
        while let (next, depth) = waiting.popLast() {
            // What was read while processes came and went may go in a circle.
            guard seen.insert(next.id).inserted else { continue }
            processes.append(
                Process(
                    id: next.innerID, depth: depth, command: next.command, processorTime: next.processorTime,
                    state: next.state))
            time += next.processorTime
            waiting += (children[next.id] ?? []).reversed().map { ($0, depth + 1) }
        }
        self.init(processes, processorTime: time)
    }
}
