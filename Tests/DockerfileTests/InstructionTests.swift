// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import Dockerfile
import OCI
import Testing

/// The only instruction after `FROM a`.
private func instruction(_ text: String) throws -> Instruction {
    let stage = try Dockerfile(parsing: "FROM a\n" + text).stages[0]
    return try #require(stage.instructions.first)
}

private func copy(_ text: String) throws -> Copy {
    guard case .copy(let copy) = try instruction(text).kind else { throw DockerfileError("not COPY") }
    return copy
}

private func run(_ text: String) throws -> Run {
    guard case .run(let run) = try instruction(text).expanded(with: [:], by: Expander()).kind else {
        throw DockerfileError("not RUN")
    }
    return run
}

@Suite("Instructions")
struct InstructionTests {
    @Test("FROM has platform, base and name, and stages are found by name or number")
    func from() throws {
        let dockerfile = try Dockerfile(
            parsing:
                "ARG V=1 W\nFROM --platform=$BUILDPLATFORM a:$V AS Build\nFROM build\nFROM scratch as build\nFROM x AS c"
        )
        #expect(dockerfile.globalArguments.count == 1)
        let first = dockerfile.stages[0]
        #expect(first.platform == "$BUILDPLATFORM")
        #expect(first.baseName == "a:$V")
        #expect((first.name, first.writtenName) == ("build", "Build"))
        #expect(dockerfile.stage("BUILD")?.index == 2)
        #expect(dockerfile.stage("build", before: 2)?.index == 0)
        #expect(dockerfile.stage("3")?.name == "c")
        #expect(dockerfile.stage("3", before: 3) == nil)
        #expect(dockerfile.stage("-1") == nil)
        let expanded = try first.expanded(with: ["V": "2", "BUILDPLATFORM": "linux/amd64"], by: dockerfile.expander)
        #expect((expanded.baseName, expanded.platform) == ("a:2", "linux/amd64"))
        let error = #expect(throws: DockerfileError.self) {
            try Dockerfile(parsing: "FROM $X").stages[0].expanded(with: [:], by: Expander())
        }
        #expect(error?.description == "line 1: base name ($X) should not be blank")
    }

    @Test(
        "what an instruction does not take is an error that says so",
        arguments: [
            ("FROM", "FROM requires either one or three arguments"),
            ("FROM a b", "FROM requires either one or three arguments"),
            ("FROM a AS 1b", "invalid name for build stage: \"1b\", name can't start with a number or contain symbols"),
            ("FROM --platfrm=x a", "unknown flag: --platfrm (did you mean --platform?)"),
            (
                "COPY a",
                "COPY requires at least two arguments, but only one was provided. Destination could not be determined"
            ),
            ("ADD", "ADD requires at least two arguments"),
            ("COPY --from a b", "missing a value on flag: from"),
            ("COPY --from=a --from=b c d", "duplicate flag specified: from"),
            ("COPY --link=maybe a b", "expecting boolean value for flag link, not: maybe"),
            ("COPY --link= a b", "missing a value on flag: link"),
            ("COPY a <<E\nE", "COPY cannot accept a heredoc as a destination"),
            ("ADD --from=x a b", "unknown flag: --from"),
            ("ENV --x a=b", "unknown flag: --x"),
            ("ARG", "ARG requires at least one argument"),
            ("ARG =x", "ARG names can not be blank"),
            ("RUN", "RUN requires at least one argument"),
            ("RUN []", "RUN requires at least one argument"),
            (
                "RUN --network=hst x",
                "network \"hst\" is not valid (wanted: default, none, host) (did you mean host?)"
            ),
            ("SHELL sh", "SHELL requires the arguments to be in JSON form"),
            ("SHELL []", "SHELL requires at least one argument"),
            ("USER", "USER requires exactly one argument"),
            ("WORKDIR", "WORKDIR requires exactly one argument"),
            ("VOLUME", "VOLUME requires at least one argument"),
            ("VOLUME [\"\"]", "VOLUME specified can not be an empty string"),
            ("EXPOSE", "EXPOSE requires at least one argument"),
            ("LABEL", "LABEL requires at least one argument"),
            ("ONBUILD", "ONBUILD requires at least one argument"),
            ("ONBUILD ONBUILD RUN x", "Chaining ONBUILD via `ONBUILD ONBUILD` isn't allowed"),
            ("ONBUILD from x", "FROM isn't allowed as an ONBUILD trigger"),
            ("ONBUILD MAINTAINER x", "MAINTAINER isn't allowed as an ONBUILD trigger"),
            ("HEALTHCHECK", "HEALTHCHECK requires at least one argument"),
            ("HEALTHCHECK CMD", "Missing command after HEALTHCHECK CMD"),
            ("HEALTHCHECK TCP 1", "Unknown type \"TCP\" in HEALTHCHECK (try CMD)"),
            ("HEALTHCHECK NONE x", "HEALTHCHECK NONE takes no arguments"),
            ("HEALTHCHECK --retries=-1 CMD x", "--retries cannot be negative (-1)"),
            ("HEALTHCHECK --retries=x CMD y", "--retries wants a whole number, not \"x\""),
            ("HEALTHCHECK --interval=1us CMD x", "Interval \"interval\" cannot be less than 1ms"),
            ("HEALTHCHECK --timeout=5 CMD x", "--timeout: time: missing unit in duration \"5\""),
            (
                "COPY --chmod=9x a b",
                "invalid chmod parameter: '9x'. it should be octal string and between 0 and 07777, "
                    + "or symbolic as in u=rwX,go=rX"
            ),
        ])
    func errors(_ text: String, _ message: String) {
        let error = #expect(throws: DockerfileError.self) { try Dockerfile(parsing: "FROM x\n" + text) }
        #expect(error?.sentence == message)
        #expect(error?.lines?.lowerBound == 2)
    }

    @Test("COPY and ADD have all their flags")
    func transfers() throws {
        let copy = try copy(
            "COPY --from=build --chown=1:2 --chmod=u=rwX --link --parents --exclude=*.o --exclude=!a.o a b /d/")
        #expect(copy.from == "build")
        #expect(copy.parents)
        #expect(copy.transfer.sources == ["a", "b"])
        #expect(copy.transfer.destination == "/d/")
        #expect(copy.transfer.chown == "1:2")
        #expect(copy.transfer.chmod == "u=rwX")
        #expect(copy.transfer.link)
        #expect(copy.transfer.excludes == ["*.o", "!a.o"])

        guard
            case .add(let add) = try instruction(
                "ADD --checksum=sha256:$S --keep-git-dir --unpack=false [\"a b\", \"/c d\"]"
            ).expanded(with: ["S": "00"], by: Expander()).kind
        else { throw DockerfileError("not ADD") }
        #expect(add.checksum == "sha256:00")
        #expect(add.keepGitDirectory == true)
        #expect(add.unpack == false)
        #expect(add.transfer.sources == ["a b"])
        #expect(add.transfer.destination == "/c d")
    }

    @Test("variables are replaced where Dockerfiles have them, and only there")
    func expansion() throws {
        let variables: Variables = ["A": "x y", "B": "c"]
        func expanded(_ text: String) throws -> Instruction.Kind {
            try instruction(text).expanded(with: variables, by: Expander()).kind
        }
        #expect(
            try expanded("ENV $B=1 d=$A e=\"$c $B\"")
                == .environment([
                    NameValue(name: "c", value: "1"), NameValue(name: "d", value: "x y"),
                    NameValue(name: "e", value: " c"),
                ]))
        #expect(try expanded("ENV d  a  'b' $B") == .environment([NameValue(name: "d", value: "a  b c")]))
        #expect(try expanded("LABEL a.b='$B'") == .label([NameValue(name: "a.b", value: "$B")]))
        #expect(try expanded("ARG a=$B b") == .argument([.init(name: "a", defaultValue: "c"), .init(name: "b")]))
        #expect(try expanded("EXPOSE $A 80") == .expose(["x", "y", "80"]))
        #expect(try expanded("USER $B:$B") == .user("c:c"))
        #expect(try expanded("WORKDIR /$B/\\$B") == .workingDirectory("/c/$B"))
        #expect(try expanded("VOLUME /$B /d") == .volume(["/c", "/d"]))
        #expect(try expanded("STOPSIGNAL SIG${D:-TERM}") == .stopSignal("SIGTERM"))
        #expect(try expanded("CMD echo $B") == .command(.shell("echo $B")))
        #expect(try expanded("SHELL [\"$B\"]") == .shell(["$B"]))
        guard case .copy(let copy) = try expanded("COPY --from=$B --chown=$B --exclude=$B $B /$B") else { return }
        #expect(copy.from == "$B")
        #expect(copy.transfer.chown == "c")
        #expect(copy.transfer.excludes == ["$B"])
        #expect(copy.transfer.sources == ["c"])
        #expect(copy.transfer.destination == "/c")
    }

    @Test("what variables bring about is an error at the instruction's line")
    func expansionErrors() throws {
        for (text, message) in [
            ("STOPSIGNAL $X", "line 2: invalid signal: SIGNO"),
            ("COPY --chmod=$Y a b", "line 2: invalid chmod parameter: '8'"),
            ("USER ${Z:?is missing}", "line 2: failed to process \"${Z:?is missing}\": Z: is missing"),
            ("RUN --mount=type=$X,target=/x y", "line 2: unsupported mount type \"SIGNO\""),
        ] {
            let instruction = try instruction(text)
            let error = #expect(throws: DockerfileError.self) {
                try instruction.expanded(with: ["X": "SIGNO", "Y": "8"], by: Expander())
            }
            #expect(error?.description.hasPrefix(message) == true, "\(error?.description ?? "")")
        }
    }

    @Test("HEALTHCHECK becomes the config that Docker writes")
    func healthcheck() throws {
        func config(_ text: String) throws -> ContainerConfig.Healthcheck? {
            guard case .healthcheck(let check) = try instruction(text).kind else { return nil }
            return check.config
        }
        let all = try config(
            "HEALTHCHECK --interval=1m30s --timeout=1.5s --start-period=0 --start-interval=100ms --retries=3 cmd a b")
        #expect(all?.test == ["CMD-SHELL", "a b"])
        #expect(all?.interval == 90_000_000_000)
        #expect(all?.timeout == 1_500_000_000)
        #expect(all?.startPeriod == nil)
        #expect(all?.startInterval == 100_000_000)
        #expect(all?.retries == 3)
        #expect(try config("HEALTHCHECK CMD [\"a\"]")?.test == ["CMD", "a"])
        #expect(try config("HEALTHCHECK NONE")?.test == ["NONE"])
    }

    @Test("ONBUILD keeps its trigger's text, from which the instruction can be parsed again")
    func onBuild() throws {
        guard case .onBuild(let plain) = try instruction("ONBUILD  COPY . /x").kind,
            case .onBuild(let heredoc) = try instruction("onbuild RUN <<-A\n\tb\nA").kind
        else { throw DockerfileError("not ONBUILD") }
        #expect(plain.text == "COPY . /x")
        #expect(heredoc.text == "RUN <<-A\n\tb\nA")
        let parsed = try Instruction(trigger: heredoc.text, lines: 4...4)
        #expect(parsed.lines == 4...4)
        guard case .run(let run) = parsed.kind else { throw DockerfileError("not RUN") }
        #expect(run.command == .shell("b\n"))
        for trigger in ["FROM x", "ONBUILD RUN x", "MAINTAINER x", "RUN x\nRUN y", "", "WHAT"] {
            let error = #expect(throws: DockerfileError.self) { try Instruction(trigger: trigger, lines: 7...7) }
            #expect(error?.lines == 7...7)
        }
    }

    @Test("history lines are BuildKit's, byte for byte")
    func history() throws {
        let context = HistoryContext(workingDirectory: "/w", arguments: ["A": "1", "B": ""])
        for (text, expected) in [
            ("COPY --from=x --link --chown=1 --chmod=644 a b /c/", "COPY --chown=1 --chmod=644 a b /c/ # buildkit"),
            ("COPY --parents a /c", "COPY --parents a /c # buildkit"),
            ("COPY a <<E /c/\nE", "COPY a <<E /c/ # buildkit"),
            ("ADD a /b", "ADD a /b # buildkit"),
            ("ADD https://u:p@w.example/a:b@c /b", "ADD https://u:xxxxx@w.example/a:b@c /b # buildkit"),
            ("RUN echo x", "RUN |2 A=1 B= /bin/sh -c echo x # buildkit"),
            ("RUN [\"a\", \"b c\"]", "RUN |2 A=1 B= a b c # buildkit"),
            ("RUN <<E\n#!/bin/x\nE", "RUN |2 A=1 B= /bin/sh -c /dev/pipes/E # buildkit"),
            ("WORKDIR a/../b/", "WORKDIR /w/b"),
            ("ENV a=b c=\"d e\"", "ENV a=b c=d e"),
            ("LABEL a=b", "LABEL a=b"),
            ("ARG a=b c", "ARG a=b c"),
            ("CMD a \"b\"", "CMD [\"/bin/sh\" \"-c\" \"a \\\"b\\\"\"]"),
            ("ENTRYPOINT [\"a\", \"b\"]", "ENTRYPOINT [\"a\" \"b\"]"),
            ("EXPOSE 81/UDP 80 8000-8001", "EXPOSE [80/tcp 8000/tcp 8001/tcp 81/udp]"),
            ("VOLUME /a /b", "VOLUME [/a /b]"),
            ("USER x", "USER x"),
            ("SHELL [\"a\", \"b\"]", "SHELL [a b]"),
            ("STOPSIGNAL 9", "STOPSIGNAL 9"),
            ("MAINTAINER x", "MAINTAINER x"),
            (
                "HEALTHCHECK --interval=30s CMD x",
                "HEALTHCHECK {Test:[CMD-SHELL x] Interval:30s Timeout:0s StartPeriod:0s StartInterval:0s Retries:0}"
            ),
        ] {
            let instruction = try instruction(text).expanded(with: [:], by: Expander())
            #expect(instruction.historyText(context) == expected)
        }
        #expect(try instruction("ONBUILD RUN x").historyText() == nil)
    }
}

@Suite("RUN")
struct RunTests {
    @Test(
        "commands take their form from how they are written",
        arguments: [
            ("RUN a  b", Run.Command.shell("a  b")),
            ("RUN [\"a\", \"b c\"]", .exec(["a", "b c"])),
            ("RUN <<E\na $b\nE", .shell("a $b\n")),
            ("RUN <<-E\n\ta\n\t\tb\n\tE", .shell("a\nb\n")),
            ("RUN <<'E'\n#!/bin/x\ny\nE", .script(name: "E", content: "#!/bin/x\ny\n")),
            ("RUN python3 <<E\nx\nE", .shell("python3 <<E\nx\nE")),
            ("RUN cat <<A 3<<B > c\na\nA\nb\nB", .shell("cat <<A 3<<B > c\na\nA\nb\nB")),
            ("RUN << E\na\nE", .shell("a\n")),
            ("RUN echo '<<E'", .shell("echo '<<E'")),
            ("RUN cat <<<E", .shell("cat <<<E")),
            ("RUN <<\"E F\"\na\nE F", .shell("a\n")),
            ("RUN <<E\r\na\r\nE\r", .shell("a\r\n")),
            ("RUN <<E\n E\nE", .shell(" E\n")),
            ("RUN <<$E\nx\n$E", .shell("x\n")),
        ])
    func commands(_ text: String, _ command: Run.Command) throws {
        #expect(try run(text).command == command)
    }

    @Test("COPY takes heredocs as files, expanded unless quoted")
    func files() throws {
        let instruction = try instruction("COPY <<A <<-'B' c /d/\n'$X'\\$X\nA\n\t$X\nB")
        guard case .copy(let copy) = try instruction.expanded(with: ["X": "1"], by: Expander()).kind else { return }
        #expect(
            copy.transfer.inlineFiles == [
                .init(name: "A", content: "'1'$X\n", expands: true), .init(name: "B", content: "$X\n", expands: false),
            ])
        #expect(copy.transfer.sources == ["c"])
    }

    @Test("mounts have their options and defaults")
    func mounts() throws {
        let bind = try #require(try run("RUN --mount=from=b,source=/s,dst=t,rw x").mounts.first)
        #expect((bind.kind, bind.from, bind.source, bind.target) == (.bind, "b", "/s", "t"))
        #expect(!bind.readOnly)
        #expect(try run("RUN --mount=target=. x").mounts.first?.readOnly == true)
        let cache = try #require(
            try run("RUN --mount=type=cache,TARGET=/c,id=i,sharing=locked,mode=0700,uid=1,gid=2 x").mounts.first)
        #expect((cache.kind, cache.target, cache.id, cache.sharing) == (.cache, "/c", "i", .locked))
        #expect((cache.mode, cache.uid, cache.gid) == (0o700, 1, 2))
        #expect(!cache.readOnly)
        #expect(try run("RUN --mount=type=tmpfs,target=/t,size=64m x").mounts.first?.sizeLimit == 64 << 20)
        let secret = try #require(try run("RUN --mount=type=secret,id=s,env=E,required x").mounts.first)
        #expect((secret.id, secret.environmentVariable, secret.required) == ("s", "E", true))
        #expect(
            try run("RUN --mount=type=ssh --mount='type=bind,\"target=/a,b\"' x").mounts.map(\.target) == [nil, "/a,b"])
    }

    @Test(
        "a mount that makes no sense is refused",
        arguments: [
            ("type=bnd,target=/x", "unsupported mount type \"bnd\" (did you mean bind?)"),
            ("tpe=bind", "unexpected key 'tpe' in 'tpe=bind' (did you mean type?)"),
            ("target=/", "invalid mount target \"/\""),
            ("target=/x,mode=1", "mode not allowed for \"bind\" type mounts"),
            ("target=/x,required", "unexpected key 'required' for mount type 'bind'"),
            ("target=/x,size=1", "unexpected key 'size' for mount type 'bind'"),
            ("target=/x,sharing=locked", "invalid cache sharing set for bind mount"),
            ("target", "invalid field 'target' must be a key=value pair"),
            ("target=/x,ro=2", "invalid value for ro: 2"),
            ("from=$x,target=/x", "'from' doesn't support variable expansion, define alias stage instead"),
            ("type=secret", "invalid secret mount. one of source, target required"),
            ("type=secret,id=a,src=b", "both source and id can't be set"),
            ("type=ssh,source=a", "ssh mount should not have a source"),
            ("type=cache,target=/x,sharing=sometimes", "unsupported sharing value \"sometimes\""),
        ])
    func mountErrors(_ mount: String, _ message: String) {
        let error = #expect(throws: DockerfileError.self) {
            try Dockerfile(parsing: "FROM a\nRUN --mount=\(mount) x")
        }
        #expect(error?.sentence == message)
    }
}
