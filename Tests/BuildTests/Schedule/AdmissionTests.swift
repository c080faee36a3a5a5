// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import Build
import OCI
import Testing

@Suite("Build: what may run side by side")
struct AdmissionTests {
    private static let gib: Int64 = 1 << 30

    @Test(
        "a step may begin when there is a place and memory for it, or when nothing else needs memory",
        arguments: [
            // jobs, memory, what runs, what wants to, whether it may
            (2, Int64.max, [], JobCost.native, true),
            (2, .max, [.native], .native, true),
            (2, .max, [.native, .native], .native, false),
            (2, .max, [.native, .native], .files, false),
            (1, 0, [], .emulated, true),
            (1, .max, [.files], .files, false),
            (8, 0, [], .emulated, true),
            (8, 0, [.native], .native, false),
            (8, 0, [.native], .files, true),
            (8, 0, [.files, .files], .native, true),
            (8, gib, [.native], .native, true),
            (8, gib, [.native, .native], .native, false),
            (8, gib, [.native], .emulated, false),
            (8, gib, [.emulated], .native, false),
            (8, gib + gib / 4, [.emulated], .native, true),
            (8, gib / 4, [], .native, true),
            (8, .max, [JobCost(memory: .max)], .native, false),
            (8, .max, [.native], JobCost(memory: .max), false),
            (8, -5, [.native], .files, true),
        ])
    func table(jobs: Int, memory: Int64, running: [JobCost], next: JobCost, expected: Bool) {
        var admission = Admission(JobBudget(jobs: jobs, memory: memory))
        for (id, cost) in running.enumerated() { admission.begin(id, cost) }
        #expect(admission.admits(next) == expected)
        for id in running.indices { admission.end(id) }
        #expect(admission.admits(next))
    }

    @Test("a step that is to be alone begins beside files only, and then nothing begins beside it but files")
    func alone() {
        var admission = Admission(JobBudget(jobs: 8))
        admission.begin(1, .native)
        #expect(!admission.admits(.native, alone: true))
        #expect(!admission.hasCompany(1))
        admission.begin(2, .emulated)
        #expect(admission.hasCompany(1) && admission.hasCompany(2))
        admission.end(1)
        admission.end(2)
        admission.begin(3, .files)
        #expect(admission.admits(.native, alone: true))
        admission.begin(4, .native, alone: true)
        #expect(!admission.admits(.native))
        #expect(admission.admits(.files))
        admission.end(4)
        #expect(admission.admits(.native))
    }

    @Test(
        "as many jobs as processors, more when that lets every platform go on, unless the user says something",
        arguments: [
            // asked, platforms, processors, jobs
            (nil, 1, 4, 4), (nil, 3, 2, 3), (nil, 9, 2, 4), (1, 9, 2, 1), (16, 1, 2, 16), (nil, 1, 0, 1), (0, 1, 4, 1),
        ] as [(Int?, Int, Int, Int)])
    func jobs(asked: Int?, platforms: Int, processors: Int, jobs: Int) {
        let machine = JobBudget.Machine(processors: processors, memory: nil)
        let budget = JobBudget(jobs: asked, memory: nil, platforms: platforms, on: machine)
        #expect(budget.jobs == jobs)
        #expect(budget.memory == .max)
    }

    @Test(
        "a command should start as many processes as it has processors and memory for, at least one",
        arguments: [
            // jobs, GiB, side by side, processors, native, emulated
            (8, 64, 1, 8, 8, 8), (8, 64, 4, 8, 2, 2), (8, 2, 1, 8, 4, 2), (8, 2, 4, 8, 1, 1), (1, 4, 9, 8, 8, 5),
            (8, 0, 3, 8, 1, 1), (8, 64, 100, 8, 1, 1),
        ])
    func processes(jobs: Int, gibs: Int64, sideBySide: Int, processors: Int, native: Int, emulated: Int) {
        let budget = JobBudget(jobs: jobs, memory: gibs * Self.gib)
        #expect(budget.processes(of: .native, sideBySide: sideBySide, processors: processors) == native)
        #expect(budget.processes(of: .emulated, sideBySide: sideBySide, processors: processors) == emulated)
    }
}
