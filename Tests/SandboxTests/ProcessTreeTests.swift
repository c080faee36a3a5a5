// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import Sandbox
import Testing

@Suite("Sandbox: which processes there are")
struct ProcessTreeTests {
    private static func stat(
        _ id: Int32, _ name: String, parent: Int32, state: Character = "S", ticks: Int = 0
    ) -> String {
        "\(id) (\(name)) \(state) \(parent) 1 1 0 -1 4194304 1 2 3 4 \(ticks) 1 2 3 20 0 1 0 9 8 7\n"
    }

    private static func facts(
        _ id: Int32, _ name: String = "sh", parent: Int32, _ arguments: [String] = [], inner: String = ""
    ) throws -> ProcessFacts {
        let status = "Name:\t\(name)\nNSpid:\t\(id)\(inner.isEmpty ? "" : "\t\(inner)")\nTracerPid:\t0\n"
        let line: [UInt8] = arguments.flatMap { (word: String) -> [UInt8] in Array(word.utf8) + [0] }
        return try #require(
            ProcessFacts(stat: stat(id, name, parent: parent, ticks: 94), status: status, commandLine: line, ticks: 100)
        )
    }

    @Test(
        "a process is called what a person has started, without its emulator",
        arguments: [
            (["make", "-j4", "all"], "make -j4 all"),
            (["/usr/bin/qemu-aarch64-static", "/usr/bin/make", "make", "-j4"], "make -j4"),
            (["/usr/bin/qemu-arm", "/bin/busybox", "sh", "-c", "a b"], "sh -c a b"),
            (["/qemu-arm", "/bin/ls", "-l"], "/bin/ls -l"),
            (["qemu-riscv64", "/bin/true"], "/bin/true"),
            (["/usr/bin/qemu-s390x"], "/usr/bin/qemu-s390x"),
            (["my-qemu-tool", "x", "y"], "my-qemu-tool x y"),
            ([], "sh"),
        ])
    func command(arguments: [String], command: String) throws {
        #expect(try Self.facts(1, parent: 0, arguments).command == command)
    }

    @Test("proc(5) is read, whatever a process calls itself")
    func fields() throws {
        let facts = try #require(
            ProcessFacts(
                stat: Self.stat(12, "a) R 1 (b", parent: 7, state: "D", ticks: 150), status: "NSpid:\t12\t5\t3\n",
                commandLine: [], ticks: 100))
        #expect((facts.id, facts.parent, facts.innerID) == (12, 7, 3))
        #expect(facts.name == "a) R 1 (b" && facts.state == "D")
        #expect(facts.processorTime == .milliseconds(1560))
    }

    @Test("what is cut or empty is no process", arguments: ["", "12", "12 (sh", "12 (sh) S", "x (sh) S 1 1 1", ")("])
    func nonsense(stat: String) {
        #expect(ProcessFacts(stat: stat, status: nil, commandLine: [], ticks: 100) == nil)
    }

    @Test("the tree is what is below a process, parents first; circles end")
    func tree() throws {
        let facts = [
            try Self.facts(30, parent: 20, ["cc1"], inner: "4"), try Self.facts(10, parent: 1, ["init"], inner: "1"),
            try Self.facts(20, parent: 10, ["make"], inner: "2"), try Self.facts(25, parent: 10, ["sleep"], inner: "3"),
            try Self.facts(40, parent: 41), try Self.facts(41, parent: 40), try Self.facts(99, parent: 1),
        ]
        let tree = ProcessTree(of: 10, among: facts)
        #expect(tree.processes.map { "\($0.id) \($0.depth) \($0.command)" } == ["2 0 make", "4 1 cc1", "3 0 sleep"])
        #expect(tree.processorTime == .seconds(4))
        #expect(ProcessTree(of: 40, among: facts).processes.count == 1)
        #expect(ProcessTree(of: 5, among: facts).processes.isEmpty)
    }
}
