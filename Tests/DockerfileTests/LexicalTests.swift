// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import Dockerfile
import Testing

@Suite("Lexical rules")
struct LexicalTests {
    @Test(
        "each text has its S-expression",
        arguments: [
            ("\u{FEFF}FROM a", "(from \"a\")\n"),
            ("FROM a\r\nRUN x \\\r\n  y\r\n", "(from \"a\")\n(run \"x   y\")\n"),
            ("FROM a\nRUN x \\  \ny", "(from \"a\")\n(run \"x y\")\n"),
            ("FROM a\nRUN x\\\\\nUSER b", "(from \"a\")\n(run \"x\\\\\\\\\")\n(user \"b\")\n"),
            ("# escape=`\nFROM a\nRUN x `\ny\\", "(from \"a\")\n(run \"x y\\\\\")\n"),
            ("#ESCAPE = ` \nFROM a\nRUN x`\ny", "(from \"a\")\n(run \"xy\")\n"),
            ("# note\n# escape=`\nFROM a\nRUN x`\nUSER y", "(from \"a\")\n(run \"x`\")\n(user \"y\")\n"),
            ("  fRoM a", "(from \"a\")\n"),
            ("FROM a\nRUN --x='a b' --y=\"c\" z", "(from \"a\")\n(run [\"--x=a b\" \"--y=c\"] \"z\")\n"),
            ("FROM a\nRUN -- --x", "(from \"a\")\n(run \"--x\")\n"),
            ("FROM a\nCMD [\"a\", \"\\u00e9\\ud83d\\ude80\"]", "(from \"a\")\n(cmd \"a\" \"é🚀\")\n"),
            ("FROM a\nCMD [\"c:\\windows\"]", "(from \"a\")\n(cmd \"[\\\"c:\\\\windows\\\"]\")\n"),
            ("FROM a\nRUN [ -f x ] && y", "(from \"a\")\n(run \"[ -f x ] && y\")\n"),
            (
                "FROM a\nENV a=\"b c\" d='e f' g=h\\ i",
                "(from \"a\")\n(env \"a\" \"\\\"b c\\\"\" \"=\" \"d\" \"'e f'\" \"=\" \"g\" \"h\\\\ i\" \"=\")\n"
            ),
            ("FROM a\nONBUILD COPY --from=x a b", "(from \"a\")\n(onbuild (copy [\"--from=x\"] \"a\" \"b\"))\n"),
            ("FROM a # b", "(from \"a\" \"#\" \"b\")\n"),
            ("FROM a\nWHAT ever", "(from \"a\")\n(what)\n"),
        ])
    func dumps(_ text: String, _ expected: String) throws {
        #expect(try Dockerfile.dump(parsing: text) == expected)
    }

    @Test(
        "what cannot be read is an error that says why",
        arguments: [
            ("", "file with no instructions"),
            ("# only\n\n# comments", "file with no instructions"),
            ("ARG a", "dockerfile contains no stages to build: there is no FROM"),
            ("# escape=x\nFROM a", "line 1: invalid escape token 'x' does not match ` or \\"),
            ("# escape=`\n# escape=`\nFROM a", "line 2: only one escape parser directive can be used"),
            (
                "FROM a\nCMD [\"a\", 1]",
                "line 2: when using JSON array syntax, arrays must be comprised of strings only"
            ),
            ("FROM a\nCMD [[\"a\"]]", "line 2: when using JSON array syntax, arrays must be comprised of strings only"),
            ("FROM a\nCMD [null]", "line 2: when using JSON array syntax, arrays must be comprised of strings only"),
            (
                "FROM a\nENV a=b c",
                "line 2: Syntax error - can't find = in \"c\". Must be of the form: name=value"
            ),
            ("FROM a\nENV a", "line 2: ENV must have two arguments (did you mean ENV a=value?)"),
            ("FROM a\nENV =a", "line 2: ENV names can not be blank"),
            ("FROM a\nRUN cat <<A\nx\n", "line 2: unterminated heredoc: there is no line that says A"),
            ("RUN x", "line 1: no build stage in current context: RUN before the first FROM"),
            ("FROM a\nCOPPY a b", "line 2: unknown instruction: COPPY (did you mean COPY?)"),
        ])
    func errors(_ text: String, _ expected: String) {
        let error = #expect(throws: DockerfileError.self) { try Dockerfile(parsing: text) }
        #expect(error?.description == expected)
    }

    @Test("a line of 65535 bytes is read, a longer one is not")
    func longLines() throws {
        let longest = "RUN " + String(repeating: "x", count: 65531)
        #expect(try Dockerfile(parsing: "FROM a\n\(longest)\n").stages[0].instructions.count == 1)
        let error = #expect(throws: DockerfileError.self) { try Dockerfile(parsing: "FROM a\n\(longest)x\n") }
        #expect(error?.description == "line 2: dockerfile line greater than max allowed size of 65535")
    }

    @Test("instructions know their lines, their text and the comments above")
    func ranges() throws {
        let dockerfile = try Dockerfile(
            parsing: """
                # build compiles
                FROM a AS build

                # first
                RUN one \\
                # not this

                  two
                RUN cat <<A
                body
                A
                USER x
                """)
        let stage = dockerfile.stages[0]
        #expect(stage.documentation == "compiles")
        #expect(stage.lines == 2...2)
        #expect(stage.instructions.map(\.lines) == [5...8, 9...11, 12...12])
        #expect(stage.instructions[0].text == "RUN one   two")
        #expect(stage.instructions[0].comments == ["first"])
        #expect(dockerfile.warnings.map(\.rule) == ["NoEmptyContinuation"])
        #expect(dockerfile.warnings.map(\.lines) == [5...8])
    }

    @Test("the parser's remarks have BuildKit's names")
    func warnings() throws {
        let dockerfile = try Dockerfile(
            parsing: "# syntax=example/other:1\nFROM a\nENV a b\nLABEL c d\nMAINTAINER me\nENV e=f")
        #expect(
            dockerfile.warnings.map(\.rule) == [
                "UnknownSyntaxDirective", "LegacyKeyValueFormat", "LegacyKeyValueFormat", "MaintainerDeprecated",
            ])
        #expect(
            dockerfile.warnings[1].message
                == "\"ENV key=value\" should be used instead of legacy \"ENV key value\" format")
    }

    @Test(
        "the Dockerfile's own front ends pass without remark",
        arguments: [
            "docker/dockerfile:1", "docker/dockerfile:1.20-labs", "docker.io/docker/dockerfile:1@sha256:00",
            "docker/dockerfile-upstream:master",
        ])
    func syntaxDirective(_ syntax: String) throws {
        let dockerfile = try Dockerfile(parsing: "#!/bin/build\n# syntax = \(syntax) x\n# check=skip=all\nFROM a")
        #expect(dockerfile.directives.syntax == syntax)
        #expect(dockerfile.directives.check == "skip=all")
        #expect(dockerfile.warnings.isEmpty)
    }

    @Test("an error is shown with its line and a caret under the place")
    func rendering() {
        let text = "FROM a\n\tCOPY --frm=x a b"
        let error = #expect(throws: DockerfileError.self) { try Dockerfile(parsing: text) }
        #expect(
            error?.rendered(fileName: "Dockerfile", source: ["FROM a", "\tCOPY --frm=x a b"]) == """
                Dockerfile:2: unknown flag: --frm (did you mean --from?)
                  2 | \tCOPY --frm=x a b
                    | \t     ^^^^^
                """)
        #expect(DockerfileError("x").rendered(fileName: "f", source: []) == "f: x")
    }
}
