// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import Build
import Testing

@Suite("Build: how much memory there is")
struct MemoryFactsTests {
    private static let meminfo = "MemTotal: 8388608 kB\nMemFree: 1 kB\nMemAvailable:    4194304 kB\nBuffers: 1 kB\n"
    private static let unified = "28 22 0:25 / /sys/fs/cgroup rw,nosuid - cgroup2 cgroup2 rw,nsdelegate\n"
    private static let legacy = """
        14 31 0:30 / /sys/fs/cgroup/pids rw - cgroup cgroup rw,pids
        15 31 0:32 /docker/abc /sys/fs/cgroup/memory rw,relatime - cgroup cgroup rw,memory

        """

    private func facts(_ files: [String: String]) -> MemoryFacts { MemoryFacts { files[$0] } }

    @Test("what the machine has is all but a reserve")
    func machine() {
        let facts = facts(["/proc/meminfo": Self.meminfo])
        #expect(facts.available == 4 << 30)
        #expect(facts.left == nil)
        #expect(facts.forSteps == Int64(4 << 30) - Int64(4 << 30) / 10)
        #expect(self.facts(["/proc/meminfo": "MemAvailable: 102400 kB\n"]).forSteps == 0)
        #expect(self.facts([:]).forSteps == nil)
    }

    @Test("of the control groups above this process the one with the least room counts; old files are no use of it")
    func version2() {
        let group = "/sys/fs/cgroup/user.slice/job"
        let facts = facts([
            "/proc/meminfo": Self.meminfo, "/proc/self/mountinfo": Self.unified,
            "/proc/self/cgroup": "0::/user.slice/job\n",
            "\(group)/memory.max": "max\n", "\(group)/memory.current": "1000\n",
            "/sys/fs/cgroup/user.slice/memory.max": "3000\n", "/sys/fs/cgroup/user.slice/memory.current": "2500\n",
            "/sys/fs/cgroup/user.slice/memory.stat": "anon 1\ninactive_file 600\nactive_file 7\n",
        ])
        #expect(facts.left == 1100)
    }

    @Test("in a container with the older control groups, the container's own")
    func version1() {
        let files = [
            "/proc/self/mountinfo": Self.legacy,
            "/proc/self/cgroup": "9:pids:/docker/abc\n4:memory:/docker/abc\n0::/\n",
            "/sys/fs/cgroup/memory/memory.limit_in_bytes": "2147483648\n",
            "/sys/fs/cgroup/memory/memory.usage_in_bytes": "1073741824\n",
            "/sys/fs/cgroup/memory/memory.stat": "cache 5\ntotal_inactive_file 1024\n",
        ]
        #expect(facts(files).left == Int64(1 << 30) + 1024)
        var without = files
        without["/sys/fs/cgroup/memory/memory.limit_in_bytes"] = "9223372036854771712\n"
        #expect(facts(without).left == nil)
    }

    @Test(
        "what makes no sense is as good as nothing",
        arguments: [
            ["/proc/meminfo": "MemAvailable:\n"], ["/proc/meminfo": "MemAvailable: many kB"],
            ["/proc/self/mountinfo": "1 2 3\n - cgroup2", "/proc/self/cgroup": "::::\n0::\n:"],
            [
                "/proc/self/mountinfo": unified, "/proc/self/cgroup": "0::/../../x\n",
                "/sys/fs/cgroup/memory.max": "-", "/sys/fs/cgroup/memory.current": "",
            ],
        ])
    func nonsense(files: [String: String]) {
        #expect(facts(files).forSteps == nil)
    }
}
