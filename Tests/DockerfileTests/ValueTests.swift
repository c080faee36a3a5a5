// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import Dockerfile
import Testing

@Suite("Values in Dockerfiles")
struct ValueTests {
    @Test(
        "modes change as chmod changes them",
        arguments: [
            ("755", 0o600, false, 0o755), ("4711", 0, true, 0o4711), ("u=rwX,go=rX", 0o600, false, 0o644),
            ("u=rwX,go=rX", 0o600, true, 0o755), ("u=rwX,go=rX", 0o4711, false, 0o755), ("+x", 0o644, false, 0o755),
            ("a-w", 0o666, false, 0o444), ("g=u", 0o640, false, 0o660), ("u+s,+t", 0o755, false, 0o5755),
            ("o+st", 0o755, false, 0o755), ("u=rw,g=", 0o777, false, 0o607), ("ug+w-x", 0o755, false, 0o665),
            ("+X", 0o644, false, 0o644), ("=", 0o777, false, 0),
        ] as [(String, UInt32, Bool, UInt32)])
    func modes(_ text: String, _ before: UInt32, _ isDirectory: Bool, _ after: UInt32) throws {
        #expect(try ModeChange(text).applied(to: before, isDirectory: isDirectory) == after)
    }

    @Test(
        "what is no mode is refused", arguments: ["", "8", "77777", "0x7", "u", "u=q", "z+x", "u+x,", "+x,o", "64 4"])
    func badModes(_ text: String) {
        #expect(throws: DockerfileError.self) { try ModeChange(text) }
    }

    @Test(
        "durations read as Go reads them",
        arguments: [
            ("0", 0), ("1s", 1_000_000_000), ("1h2m3s", 3_723_000_000_000), ("1.5h", 5_400_000_000_000),
            (".5ms", 500_000), ("-1us", -1000), ("3µs", 3000), ("1.s", 1_000_000_000), ("2ns", 2),
        ] as [(String, Int64)])
    func durations(_ text: String, _ nanoseconds: Int64) throws {
        #expect(try GoDuration.parse(text) == nanoseconds)
    }

    @Test("what is no duration is refused", arguments: ["", "1", "s", ".s", "1x", "1s2", "9999999999h", "1 s", "--1s"])
    func badDurations(_ text: String) {
        #expect(throws: DockerfileError.self) { try GoDuration.parse(text) }
    }

    @Test("durations print as Go prints them")
    func formatting() {
        #expect(GoDuration.format(0) == "0s")
        #expect(GoDuration.format(1_500_000_000) == "1.5s")
        #expect(GoDuration.format(5_400_000_000_000) == "1h30m0s")
        #expect(GoDuration.format(1_500_000) == "1.5ms")
        #expect(GoDuration.format(90_000_000_000) == "1m30s")
    }

    @Test("sizes have binary units")
    func sizes() {
        #expect(ByteCount.parse("64m") == 64 << 20)
        #expect(ByteCount.parse("1.5GiB") == 3 << 29)
        #expect(ByteCount.parse("10kb") == 10240)
        #expect(ByteCount.parse("7") == 7)
        for text in ["", "m", "1x", "-1", "1mm", "9999999p"] { #expect(ByteCount.parse(text) == nil) }
    }

    @Test("ports are normalised and ranges written out")
    func ports() throws {
        #expect(
            try ExposedPorts.parse(["80", "53/UDP", "80/tcp", "1000-1001/sctp", "127.0.0.1:90:91"])
                == ["1000/sctp", "1001/sctp", "53/udp", "80/tcp", "91/tcp"])
        for text in ["x", "70000", "2-1", "80/icmp", "", "-1", "1-"] {
            #expect(throws: DockerfileError.self) { try ExposedPorts.parse([text]) }
        }
    }

    @Test("signals are known by name and number")
    func signals() throws {
        for text in ["9", "SIGTERM", "hup", "SIGRTMIN+3"] { #expect(try Signals.checked(text) == text) }
        for text in ["", "0", "65", "SIGX", "RTMIN+99"] {
            #expect(throws: DockerfileError.self) { try Signals.checked(text) }
        }
    }

    @Test("paths become their shortest form")
    func paths() {
        for (path, cleaned) in [
            ("", "."), (".", "."), ("/", "/"), ("a//b/./c/..", "a/b"), ("../a/../..", "../.."), ("/../a/", "/a"),
        ] {
            #expect(Paths.clean(path) == cleaned)
        }
        #expect(Paths.resolve("x/../y", against: "/w/") == "/w/y")
        #expect(Paths.resolve("/x", against: "/w") == "/x")
    }

    @Test("variables keep the order of first mention and the last value")
    func variables() {
        var variables = Variables(lines: ["A=1", "B", "A=2=3"])
        variables["C"] = "x"
        variables["B"] = nil
        #expect(variables.lines == ["A=2=3", "C=x"])
    }
}
