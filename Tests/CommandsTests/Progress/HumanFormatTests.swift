// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import Commands
import Testing

@Suite struct HumanFormatTests {
    @Test(
        "writes sizes as docker does",
        arguments: [
            (Int64(0), "0B"), (-5, "0B"), (999, "999B"), (1000, "1kB"), (1234, "1.23kB"), (12_340, "12.3kB"),
            (99_949, "99.9kB"), (99_960, "100kB"), (999_499, "999kB"), (999_500, "1MB"), (9_996_000, "10MB"),
            (1_050_000_000, "1.05GB"), (.max, "9.22EB"),
        ])
    func bytes(count: Int64, text: String) {
        #expect(HumanFormat.bytes(count) == text)
    }

    @Test(
        "writes times at a glance",
        arguments: [
            (Duration.zero, "0.0s"), (.milliseconds(-5), "0.0s"), (.milliseconds(1999), "1.9s"),
            (.milliseconds(59_999), "59.9s"), (.seconds(60), "1m00s"), (.seconds(3599), "59m59s"),
            (.seconds(3600), "1h00m"), (.seconds(90_061), "25h01m"),
        ])
    func duration(duration: Duration, text: String) {
        #expect(HumanFormat.duration(duration) == text)
    }

    @Test("writes seconds with fixed decimals", arguments: [(0, "1"), (1, "1.0"), (2, "1.03"), (3, "1.034")])
    func seconds(decimals: Int, text: String) {
        #expect(HumanFormat.seconds(.microseconds(1_034_900), decimals: decimals) == text)
    }

    @Test("bears the longest time")
    func longest() {
        #expect(HumanFormat.duration(.seconds(Int64.max)).hasSuffix("m"))
        #expect(HumanFormat.duration(.seconds(Int64.min)) == "0.0s")
    }
}
