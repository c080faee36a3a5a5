// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import Commands
import Testing

@Suite struct DisplayWidthTests {
    @Test(
        "knows what a text takes",
        arguments: [
            ("", 0), ("abc", 3), ("é", 1), ("e\u{301}", 1), ("日本", 4), ("한", 2), ("ｶ", 1), ("Ａ", 2), ("…", 1),
            ("✔", 1), ("✔\u{FE0F}", 2), ("🚀", 2), ("👩‍🔧", 4), ("\u{200B}", 0), ("\u{1B}", 0), ("\u{AD}", 0), ("│━─", 3),
        ])
    func columns(text: String, columns: Int) {
        #expect(DisplayWidth.columns(text) == columns)
    }

    @Test(
        "cuts at a column",
        arguments: [
            ("abcdef", 6, "abcdef"), ("abcdef", 5, "abcd…"), ("日本語", 6, "日本語"), ("日本語", 5, "日本…"),
            ("日本語", 4, "日…"), ("日", 1, "…"), ("abc", 1, "…"), ("abc", 0, ""), ("", 0, ""),
            ("e\u{301}x", 2, "e\u{301}x"),
        ])
    func fit(text: String, limit: Int, expected: String) {
        let fitted = DisplayWidth.fit(text, columns: limit)
        #expect(fitted == expected)
        #expect(DisplayWidth.columns(fitted) <= limit)
    }

    @Test("leaves the mark away where even that does not fit")
    func mark() {
        #expect(DisplayWidth.fit("abcdef", columns: 2, mark: "...") == "")
        #expect(DisplayWidth.fit("abcdef", columns: 4, mark: "...") == "a...")
    }
}
