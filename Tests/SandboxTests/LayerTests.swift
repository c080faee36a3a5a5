// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import SystemPackage
import TestSupport
import Testing
import sandbox_probe

@Suite("What a run leaves in the upper directory")
struct LayerTests {
    @Test("only what the process made, no mount point", arguments: Who.allCases)
    func onlyWhatWasMade(who: Who) async throws {
        let directory = try ProbeDirectory()
        var request = try await directory.request(
            "ls /cache/deep /run/secret >/dev/null; touch /made; echo 1 >/etc/resolv.conf")
        request.networkFiles = true
        request.mounts = [
            .init("memory", target: "/cache/deep/dir"), .init("file", source: "/etc/hostname", target: "/run/secret"),
        ]
        let result = try await directory.run(request, as: who)
        #expect(result.error == nil)
        #expect(result.code == 0, "\(result.errors)")
        #expect(result.upper == ["made"])
    }

    @Test("a file that is deleted leaves a whiteout; a directory made anew is opaque", arguments: Who.allCases)
    func whiteouts(who: Who) async throws {
        let directory = try ProbeDirectory()
        let layer = try await directory.layer("data", "mkdir d; echo 1 >d/a; echo 2 >b; chmod -R a+rwX .")
        // Whoever runs this owns the layer only when it is the caller.
        let result = try await directory.run(directory.request("touch /n; rm /n; touch /m", layers: [layer]), as: who)
        #expect(result.upper == ["m"])
        var request = try await directory.request("rm -r /d /b && mkdir /d && ls -A /d", layers: [layer])
        request.directory = try await directory.layer("second", "chmod 777 .")
        let deleted = try await directory.run(request, as: .caller)
        #expect(deleted.code == 0, "\(deleted.errors)")
        #expect(deleted.upper == ["b", "d"])
    }

    static let hiding: [(name: String, script: String)] = [
        ("a dangling link", "mkdir etc; ln -s ../run/systemd/resolve/stub-resolv.conf etc/resolv.conf"),
        ("an absolute dangling link", "mkdir etc; ln -s /run/nowhere/resolv.conf etc/resolv.conf"),
        ("a link that climbs", "mkdir etc; ln -s ../../../../../../tmp/nowhere etc/resolv.conf"),
        ("a link at a directory", "mkdir real; ln -s real etc; ln -s /real/system sys"),
    ]

    @Test("mount points that the image hides are there all the same and leave nothing", arguments: hiding)
    func hidden(name: String, script: String) async throws {
        let directory = try ProbeDirectory()
        let layer = try await directory.layer("hiding", script)
        var request = try await directory.request(
            "cat /etc/resolv.conf >/dev/null && ls /sys/kernel >/dev/null && echo fine", layers: [layer])
        request.networkFiles = true
        let result = try await directory.run(request)
        #expect(result.error == nil)
        #expect(result.output == "fine\n", "\(result.errors)")
        #expect(result.upper == [])
    }

    @Test(
        "a mount point below a whiteout or in an opaque directory is there all the same",
        arguments: ["rm -r /etc; touch /x", "rm -r /etc; mkdir /etc; touch /x"])
    func whiteoutHides(step: String) async throws {
        let directory = try ProbeDirectory()
        let below = try await directory.layer("below", "mkdir -p etc sys; echo x >etc/resolv.conf")
        // An earlier step deletes them; what it leaves is the next step's layer.
        let deletion = try await directory.request(step, layers: [below])
        let first = try await directory.run(deletion)
        #expect(first.upper == ["etc", "x"], "\(first)")
        let layer = directory.path.appending("run-0").appending("upper").string
        var request = try await directory.request(
            "cat /etc/hosts >/dev/null && ls /sys/kernel >/dev/null && echo fine", layers: [below, layer])
        request.networkFiles = true
        request.directory = try await directory.layer("second", "chmod 777 .")
        let result = try await directory.run(request)
        #expect(result.output == "fine\n", "\(result.error ?? "") \(result.errors)")
        #expect(result.upper == [])
    }

    @Test("a directory as root gets its mount points for the run only")
    func directoryRoot() async throws {
        let directory = try ProbeDirectory()
        let busybox = try await Busybox.shared.root("amd64").string
        let root = try await directory.layer("root", "cp -a \(busybox)/bin .")
        var request = ProbeRequest(directory: directory.path.string, lowers: [], ["sh", "-c", "ls /; touch /made"])
        request.networkFiles = true
        let result = try await directory.run(request)
        #expect(result.output == "bin\ndev\netc\nproc\nsys\n", "\(result.error ?? "")")
        let left = try await ChildProcess.run("ls", [root])
        #expect(left.output == "bin\nmade\n")
    }

    @Test("the string interface of older kernels gives the same")
    func legacyOverlay() async throws {
        let directory = try ProbeDirectory()
        var request = try await directory.request("touch /made; ls /")
        request.usesLegacyOverlay = true
        let result = try await directory.run(request)
        #expect(result.output == "bin\ndev\nmade\nproc\nsys\n", "\(result.error ?? "")")
        #expect(result.upper == ["made"])
    }

    @Test(
        "four hundred and ninety-eight layers are one root file system, with paths of any length",
        .timeLimit(.minutes(5)))
    func manyLayers() async throws {
        let directory = try ProbeDirectory()
        let long = String(repeating: "long-directory-name/", count: 15)
        var layers: [String] = []
        let made = try await ChildProcess.run(
            "sh", ["-ec", "i=1; while [ $i -le 497 ]; do mkdir -p \(long)l$i; : >\(long)l$i/f$i; i=$((i+1)); done"],
            workingDirectory: directory.path)
        try #require(made.succeeded, "\(made)")
        layers = (1...497).map { directory.path.string + "/\(long)l\($0)" }
        let result = try await directory.run(directory.request("ls / | grep -c f", layers: layers))
        #expect(result.output == "497\n", "\(result.error ?? "") \(result.errors)")
        let tooMany = try await directory.run(directory.request("true", layers: layers + [layers[0]]))
        #expect(tooMany.error?.contains("499 layers are more than the 498") == true)
    }
}
