// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

/// Which steps may begin beside those that run: within a number of jobs, and within memory.
///
/// A step that needs no memory to speak of is never held back by memory, and one that needs more than there is may run
/// when no other does that needs some: nothing waits for ever.
package struct Admission: Sendable {
    package let budget: JobBudget
    private var running: [Int: JobCost] = [:]
    private var memory: Int64 = 0
    /// The step beside which no other may begin that needs memory.
    private var exclusive: Int?

    package init(_ budget: JobBudget) { self.budget = budget }

    /// Whether a step may begin now.
    ///
    /// - Parameter isAlone: whether it is to run beside nothing that needs memory.
    package func admits(_ cost: JobCost, alone isAlone: Bool = false) -> Bool {
        guard running.count < budget.jobs else { return false }
        if cost.memory == 0 || memory == 0 { return true }
        if isAlone || exclusive != nil { return false }
        // The sum could be beyond all numbers.
        return cost.memory <= budget.memory - min(memory, budget.memory)
    }

    /// Notes that a step begins.
    package mutating func begin(_ id: Int, _ cost: JobCost, alone isAlone: Bool = false) {
        running[id] = cost
        memory += cost.memory
        if isAlone { exclusive = id }
    }

    /// Notes that a step has ended.
    package mutating func end(_ id: Int) {
        guard let cost = running.removeValue(forKey: id) else { return }
        memory -= cost.memory
        if exclusive == id { exclusive = nil }
    }

    /// Whether commands run besides this step.
    package func hasCompany(_ id: Int) -> Bool { memory > running[id]?.memory ?? 0 }
}
