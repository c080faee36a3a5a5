// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import Commands
import Testing

@Suite struct ProgressModeTests {
    @Test(
        "knows its own words and buildx's",
        arguments: [
            ("auto", ProgressMode.auto), ("tty", .tty), ("plain", .plain), ("quiet", .quiet), ("json", .json),
            ("rawjson", .rawjson), ("none", .quiet), ("PLAIN", .plain),
        ])
    func spelling(word: String, mode: ProgressMode) {
        #expect(ProgressMode(spelling: word) == mode)
    }

    @Test("knows no other word", arguments: ["", "fancy", " plain"])
    func unknown(word: String) {
        #expect(ProgressMode(spelling: word) == nil)
    }

    @Test("takes the option, then manifold's variable, then BuildKit's")
    func precedence() throws {
        let both = ["MANIFOLD_PROGRESS": "json", "BUILDKIT_PROGRESS": "plain"]
        #expect(try ProgressMode.chosen(option: .tty, environment: both) == .tty)
        #expect(try ProgressMode.chosen(option: nil, environment: both) == .json)
        #expect(try ProgressMode.chosen(option: nil, environment: ["BUILDKIT_PROGRESS": "plain"]) == .plain)
        #expect(try ProgressMode.chosen(option: nil, environment: ["MANIFOLD_PROGRESS": ""]) == .auto)
        #expect(try ProgressMode.chosen(option: nil, environment: ["BUILDKIT_PROGRESS": "fancy"]) == .auto)
    }

    @Test("says what is wrong with manifold's variable")
    func wrongVariable() {
        let error = #expect(throws: UnknownProgressMode.self) {
            try ProgressMode.chosen(option: nil, environment: ["MANIFOLD_PROGRESS": "fan\u{1B}[31mcy"])
        }
        #expect(error?.description == "MANIFOLD_PROGRESS is \"fan[31mcy\", which is no progress mode")
        #expect(error?.remedy == "Set it to one of auto, tty, plain, quiet, json, rawjson, or unset it.")
    }

    @Test("auto is live on a terminal only")
    func settled() {
        let live = ProgressTerminal(isInteractive: true, usesColour: true, usesUnicode: true)
        let dumb = ProgressTerminal(isInteractive: false, usesColour: false, usesUnicode: true)
        #expect(ProgressMode.auto.settled(for: live) == .tty)
        #expect(ProgressMode.auto.settled(for: dumb) == .plain)
        #expect(ProgressMode.tty.settled(for: dumb) == .tty)
        #expect(ProgressMode.json.settled(for: live) == .json)
    }
}
