// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import Glibc
import Sandbox
import Synchronization
import SystemPackage
import TestSupport
import Testing

/// Keeps the plans that it is given and answers from a list.
final class RecordingKernel: SandboxKernel {
    private let state: Mutex<(plans: [SandboxPlan], answers: [PlanOutcome])>

    init(answers: [PlanOutcome]) { state = Mutex(([], answers)) }

    var plans: [SandboxPlan] { state.withLock { $0.plans } }

    func execute(
        _ plan: SandboxPlan, output: @escaping @Sendable (OutputStream, [UInt8]) -> Void
    ) async throws -> PlanOutcome {
        state.withLock { state in
            state.plans.append(plan)
            return state.answers.isEmpty ? .lost : state.answers.removeFirst()
        }
    }
}

@Suite("A run compiled into a plan")
struct PlanTests {
    static let facts = HostFacts(overlayInterface: .layerByLayer, hasTerminalGroup: true, openFilesLimit: 4096)

    static func spec(_ change: (inout SandboxSpec) -> Void = { _ in }) -> SandboxSpec {
        var spec = SandboxSpec(
            root: .overlay(lower: ["/l/1", "/l/2"], upper: "/u", work: "/w"), arguments: ["make"], scratch: "/s")
        change(&spec)
        return spec
    }

    static func plan(_ change: (inout SandboxSpec) -> Void = { _ in }) throws -> SandboxPlan {
        try Sandbox(kernel: RecordingKernel(answers: []), host: facts).plan(spec(change))
    }

    @Test("layers are given topmost first, with the mount points below them all")
    func layers() throws {
        #expect(
            try Self.plan().operations.first
                == .overlay(
                    lower: ["/l/2", "/l/1", "/s/stubs"], upper: "/u", work: "/w", at: "/s/root",
                    interface: .layerByLayer))
    }

    @Test("rights are given up in the one order that works: filter, groups, group, user, capabilities, program")
    func order() throws {
        let plan = try Self.plan { $0.user = UserIdentity(uid: 7, gid: 8, groups: [9]) }
        let words = plan.operations.suffix(7).map { String(describing: $0) }
        #expect(
            words == [
                "reduction of capabilities to chown,dac_override,fowner,fsetid,kill,setgid,setuid,setpcap,"
                    + "net_bind_service,net_raw,sys_chroot,mknod,audit_write,setfcap",
                "installation of the system call filter", "setting of supplementary groups 8,9", "change to group 8",
                "change to user 7", "setting of capabilities none",
                "execution of /usr/local/sbin/make or /usr/local/bin/make or /usr/sbin/make or /usr/bin/make "
                    + "or /sbin/make or /bin/make",
            ])
    }

    @Test("everything is mounted before the root is changed, and the rest done after the fork")
    func phases() throws {
        let operations = try Self.plan { $0.network = .none }.operations
        let pivot = try #require(operations.firstIndex(of: .pivot))
        let fork = try #require(operations.firstIndex(of: .fork))
        #expect(pivot < fork)
        #expect(Array(operations[pivot...fork]) == [.pivot, .hostname("localhost"), .loopbackUp, .fork])
        #expect(operations[fork + 1] == .changeDirectory("/"))
    }

    @Test("the program is looked for in the environment's PATH; a name with a slash is not")
    func path() throws {
        let found = try Self.plan { $0.environment = ["PATH=/a::/b"] }
        #expect(found.operations.last == .execute(["/a/make", "./make", "/b/make"]))
        let direct = try Self.plan { $0.arguments = ["bin/make"] }
        #expect(direct.operations.last == .execute(["bin/make"]))
    }

    @Test("descriptors are limited to 1,024 unless the caller says otherwise")
    func limits() throws {
        #expect(try Self.plan().operations.contains(.limit(ResourceLimit(.openFiles, soft: 1024, hard: 4096))))
        let own = ResourceLimit(.openFiles, soft: 9, hard: 10)
        let operations = try Self.plan { $0.limits = [own] }.operations
        #expect(operations.filter { if case .limit = $0 { true } else { false } } == [.limit(own)])
    }

    @Test("where no new sysfs may be mounted, the host's is tried")
    func sysFallback() async throws {
        let directory = try ProbeDirectory()
        let spec = Self.spec {
            $0.network = .none
            $0.scratch = directory.path
        }
        let first = try Sandbox(kernel: RecordingKernel(answers: []), host: Self.facts).plan(spec)
        let index = try #require(
            first.description.split(separator: "\n").firstIndex { $0.contains("making of a sysfs") })
        let kernel = RecordingKernel(answers: [
            .failed(PlanFailure(index: index, error: EPERM, part: .mount)), .ended(.exit(code: 0)),
        ])
        let status = try await Sandbox(kernel: kernel, host: Self.facts).run(spec) { _, _ in }
        #expect(status.isSuccess)
        #expect(kernel.plans.count == 2)
        #expect(kernel.plans[1].description.contains("mount of /sys at /sys in the new root"))
    }

    @Test("a hidden /proc is explained")
    func hiddenProc() async throws {
        let directory = try ProbeDirectory()
        let spec = Self.spec { $0.scratch = directory.path }
        let kernel = RecordingKernel(answers: [.failed(PlanFailure(index: 1, error: EPERM, part: .mount))])
        let error = await #expect(throws: SandboxError.self) {
            try await Sandbox(kernel: kernel, host: Self.facts).run(spec) { _, _ in }
        }
        #expect(error?.description == "making of a proc file system failed: Operation not permitted")
        #expect(error?.remedy?.contains("systempaths=unconfined") == true)
    }

    @Test("without confinement every capability stays, and nothing is filtered or covered")
    func unconfined() throws {
        let operations = try Self.plan { $0.confinement = .none }.operations
        #expect(operations.contains(.capabilities(.all)))
        for operation in operations {
            switch operation {
            case .seccomp, .boundingSet, .restrict: Issue.record("\(operation)")
            default: break
            }
        }
        let ordinary = try Self.plan {
            $0.confinement = .none
            $0.user = UserIdentity(uid: 7, gid: 7)
        }
        #expect(ordinary.operations.contains(.capabilities([])))
    }

    @Test("/dev/shm has the size that is asked for")
    func sharedMemory() throws {
        let sizes = try Self.plan { $0.sharedMemory = 1 << 20 }.operations.compactMap { operation -> String? in
            guard case .fileSystem("tmpfs", let options, _, .memory) = operation else { return nil }
            return options.first { $0.key == "size" }?.value
        }
        #expect(sizes == ["1048576"])
    }

    @Test("a signal is 128 and more to a shell")
    func shellCode() {
        #expect(ExitStatus.signal(number: 9).shellCode == 137)
        #expect(ExitStatus.exit(code: 3).shellCode == 3)
    }
}

@Suite("The files that name other machines")
struct NetworkFilesTests {
    @Test("the host's lines are kept where its network is used, and the sandbox has a name")
    func hosts() {
        let text = NetworkFiles.hosts(host: "127.0.0.1 localhost\n10.0.0.1 db", network: .host, hostname: "me")
        #expect(text == "127.0.0.1 localhost\n10.0.0.1 db\n127.0.1.1\tme\n")
        let named = NetworkFiles.hosts(host: "127.0.0.1 localhost me # other\n", network: .host, hostname: "me")
        #expect(named == "127.0.0.1 localhost me # other\n")
        #expect(NetworkFiles.hosts(host: "10.0.0.1 db\n", network: .none, hostname: "").contains("db") == false)
        let own = NetworkFiles.hosts(
            host: "127.0.0.1 localhost\n", network: .host, hostname: "",
            entries: [HostEntry(name: "localhost", address: "::1")])
        #expect(own == "::1\tlocalhost\n127.0.0.1 localhost\n")
    }

    @Test("without a network there is no resolver")
    func resolver() {
        #expect(NetworkFiles.resolvConf(host: "nameserver 127.0.0.53\n", network: .host) == "nameserver 127.0.0.53\n")
        #expect(NetworkFiles.resolvConf(host: "nameserver 127.0.0.53\n", network: .none) == "")
    }
}
