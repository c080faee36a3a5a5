// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import Dockerfile
import Testing

@Suite("Expansion")
struct ExpanderTests {
    @Test(
        "every modifier does what it should",
        arguments: [
            ("${A:-x}", "x"), ("${A-x}", ""), ("${U-x$B}", "xbar"), ("${A:+x}", ""), ("${A+x}", "x"), ("${U+x}", ""),
            ("${B#b}", "ar"), ("${P#*/}", "b/c.tar.gz"), ("${P##*/}", "c.tar.gz"), ("${P%.*}", "a/b/c.tar"),
            ("${P%%.*}", "a/b/c"), ("${P/?\\//-}", "-b/c.tar.gz"), ("${P//\\//-}", "a-b-c.tar.gz"),
            ("${P//./}", "a/b/ctargz"),
            ("${P/*./X}", "Xgz"), ("${U/x/y}", ""), ("$", "$"), ("$B$", "bar$"), ("\\$B", "$B"), ("'$B'", "$B"),
            ("\"$B\\x\\\"\"", "bar\\x\""), ("a\\b", "ab"), ("$B_", ""), ("${B}_", "bar_"), ("$1x", "x"),
            ("${B//*/z}", "z"), ("${B//a/\\$}", "b\\$r"), ("${B//[a]/x}", "bar"), ("${B///-}", "-b-a-r-"),
        ])
    func modifiers(_ word: String, _ expected: String) throws {
        let variables: Variables = ["A": "", "B": "bar", "P": "a/b/c.tar.gz"]
        #expect(try Expander().expand(word, with: variables) == expected)
    }

    @Test(
        "what is malformed says how",
        arguments: [
            ("${}", "syntax error: bad substitution"), ("${a", "syntax error: missing '}'"),
            ("${a:", "syntax error: missing '}'"), ("${a:-b", "syntax error: missing '}'"),
            ("${a:Y}", "unsupported modifier (:Y) in substitution"),
            ("${a:#x}", "unsupported modifier (:#) in substitution"),
            ("${a=b}", "unsupported modifier (=) in substitution"), ("${a/x}", "syntax error: missing '/' in ${}"),
            ("${a?}", "a: is not allowed to be unset"), ("${e:?}", "e: is not allowed to be empty"),
            ("'x", "unexpected end of statement while looking for matching single-quote"),
            ("\"x", "unexpected end of statement while looking for matching double-quote"),
            ("${a#\\x}", "invalid pattern (\\x) in substitution: invalid escape '\\x'"),
        ])
    func errors(_ word: String, _ message: String) {
        let error = #expect(throws: DockerfileError.self) { try Expander().expand(word, with: ["e": ""]) }
        #expect(error?.message.hasSuffix(": \(message)") == true, "\(error?.message ?? "")")
    }

    @Test("the escape directive's character escapes, and the backslash then does not")
    func escape() throws {
        #expect(try Expander(escape: "`").expand("c:\\$B`$B", with: ["B": "x"]) == "c:\\x$B")
    }

    @Test("nesting without end is an error, not a crash")
    func nesting() {
        let word = String(repeating: "${a:-\"", count: 100_000)
        #expect(throws: DockerfileError.self) { try Expander().expand(word, with: [:]) }
    }
}
