// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import Dockerfile
import OCI
import Testing

@Suite("BuildKit's lint rules")
struct LintBuildKitTests {
    @Test(
        "fire at the marked lines and nowhere else",
        arguments: [
            MarkedCase("StageNameCasing", ">>> FROM a AS Build\nFROM b AS build2\nFROM c"),
            MarkedCase("FromAsCasing", ">>> FROM a as x\n>>> from a AS y\nFROM a AS z\nfrom a as v\nFrom a As w"),
            MarkedCase("NoEmptyContinuation", "FROM a\n>>> RUN x \\\n\n  y\nRUN x \\\n# c\n  y"),
            MarkedCase(
                "ConsistentInstructionCasing",
                "FROM a\n>>> run x\nRUN y\n>>> Copy a b\nENV a=b\n>>> from b\nCMD [\"x\"]"),
            MarkedCase("ConsistentInstructionCasing", "from a\nrun x\n>>> RUN y\nenv a=b"),
            MarkedCase("ConsistentInstructionCasing", "arg x\nFROM a\n>>> run x"),
            MarkedCase("DuplicateStageName", "FROM a AS x\nFROM b AS y\n>>> FROM c AS X\nFROM d\nFROM e"),
            MarkedCase("ReservedStageName", ">>> FROM a AS scratch\n>>> FROM b AS Context\nFROM scratch AS x"),
            MarkedCase(
                "JSONArgsRecommended",
                "FROM a\n>>> CMD x y\nFROM a\n>>> ENTRYPOINT x\nFROM a AS s\nSHELL [\"bash\"]\nCMD x\nFROM s\nCMD x\n"
                    + "FROM b\nCMD [\"x\"]\nHEALTHCHECK CMD x"),
            MarkedCase("MaintainerDeprecated", "FROM a\n>>> MAINTAINER me\nLABEL maintainer=me"),
            MarkedCase(
                "UndefinedArgInFrom",
                "ARG V=1\nARG W\nFROM a:$V\nFROM a${W}\n>>> FROM a:$X\n>>> FROM --platform=$BUILDPLATFROM a\n"
                    + "FROM --platform=$BUILDPLATFORM a\nFROM a:${TARGETARCH}"),
            MarkedCase(
                "WorkdirRelativePath",
                "FROM a AS x\n>>> WORKDIR app\nWORKDIR sub\nFROM a AS y\nWORKDIR /app\nWORKDIR sub\nFROM y\nWORKDIR sub\n"
                    + "FROM a\nARG D=/x\nWORKDIR $D/y"),
            MarkedCase(
                "UndefinedVar",
                "FROM scratch AS x\nARG A\nENV B=1\n>>> COPY $C $C /\nCOPY $A $B $PATH /\nENV B=2 D=$B\n"
                    + "RUN echo $nobody\nFROM x\nLABEL a=$D b=${A}\n>>> LABEL a=$E\n"),
            MarkedCase("UndefinedVar", "FROM a\nCOPY $GOPATH /\nENV VERSION=1\n>>> COPY $VERSOIN /"),
            MarkedCase("UndefinedVar", "ARG V=1\nFROM scratch\n>>> LABEL v=$V\nARG V\nLABEL v=$V"),
            MarkedCase("UndefinedVar", "FROM scratch\n>>> ARG U=$nothing\n>>> COPY <<E /\n$x\nE\nCOPY <<'E' /\n$x\nE"),
            MarkedCase(
                "MultipleInstructionsDisallowed",
                "FROM a\n>>> CMD [\"x\"]\nENTRYPOINT [\"x\"]\n>>> CMD [\"y\"]\nCMD [\"z\"]\n>>> HEALTHCHECK NONE\n"
                    + "HEALTHCHECK CMD x\nFROM a\nCMD [\"x\"]"),
            MarkedCase("LegacyKeyValueFormat", "FROM a\n>>> ENV a b\nENV a=b\n>>> LABEL a b c\nLABEL a=b"),
            MarkedCase(
                "RedundantTargetPlatform",
                ">>> FROM --platform=$TARGETPLATFORM a\n>>> FROM --platform=${TARGETPLATFORM} a\n"
                    + "FROM --platform=$BUILDPLATFORM a\nFROM --platform=linux/amd64 a\nFROM a"),
            MarkedCase(
                "SecretsUsedInArgOrEnv",
                "FROM a\n>>> ARG TOKEN\n>>> ENV db_password=x\n>>> ARG A API_KEY=1\nENV PUBLIC_KEY=x\nENV TOKEN_FILE=x\n"
                    + "ARG monkey\nARG KEY_VERSION\nENV keyboard=x\n>>> ENV AUTH_URL=x"),
            MarkedCase(
                "InvalidDefaultArgInFrom",
                "ARG EMPTY\nARG T=1\nARG BAD=a:b:c\n>>> FROM $EMPTY\n>>> FROM a:$EMPTY\nFROM a:$T\n>>> FROM $BAD\n"
                    + "FROM ${EMPTY:-a}\nFROM a:${EMPTY:-x}"),
            MarkedCase(
                "FromPlatformFlagConstDisallowed",
                ">>> FROM --platform=linux/amd64 a\n>>> FROM --platform=linux/amd64 a AS x\nFROM --platform=linux/amd64 a AS amd64-x\n"
                    + "FROM --platform=linux/arm64 a AS linuxen\nARG P=linux/amd64\nFROM --platform=$BUILDPLATFORM a"),
            MarkedCase("FromPlatformFlagConstDisallowed", "ARG P=linux/amd64\nFROM --platform=$P a\nFROM a"),
            MarkedCase(
                "InvalidDefinitionDescription",
                "# V the version\nARG V=1\n# wrong\n>>> ARG W=1\n# x is built\nFROM a AS x\n# what\n>>> FROM a AS y\n\n# far\n\n"
                    + "FROM a AS z\n# none\n#\nARG Q\n# B both\nARG A B\n# neither\n>>> ARG C D\n# any\nFROM b"),
            MarkedCase(
                "ExposeProtoCasing", "FROM a\n>>> EXPOSE 80/TCP\nEXPOSE 80/tcp 81\nARG P=Udp\n>>> EXPOSE 90/$P 91"),
            MarkedCase(
                "ExposeInvalidFormat",
                "FROM a\n>>> EXPOSE 127.0.0.1:80:80\n>>> EXPOSE 80:80\nEXPOSE 80 81/udp 90-99\n>>> EXPOSE [::1]:1:1"),
            MarkedCase("UnknownSyntaxDirective", ">>> # syntax=x/y\nFROM a"),
            MarkedCase("UnknownSyntaxDirective", "# syntax=docker/dockerfile:1\nFROM a"),
        ])
    func marked(_ marked: MarkedCase) throws {
        try marked.check()
    }

    @Test("that need the base image fire when it is known, and not before")
    func baseImages() throws {
        let text = "FROM a AS x\nCOPY $GOPATH $OTHER /\nCMD x\nFROM x\nLABEL y=$THIRD\n"
        #expect(try findings(text).map { $0.split(separator: " ")[1] } == ["JSONArgsRecommended:"])
        #expect(
            try findings(text, .base(["GOPATH=/go"], shell: ["bash"])) == [
                "2 UndefinedVar: Usage of undefined variable '$OTHER'",
                "5 UndefinedVar: Usage of undefined variable '$THIRD'",
            ])
        var context = try LintContext.base([])
        let arm = try Platform("linux/arm64")
        context.baseImages[0]?.append(.init(expected: arm, actual: try Platform("linux/amd64")))
        #expect(
            try findings("FROM a", context) == [
                "1 InvalidBaseImagePlatform: Base image a was pulled with platform \"linux/amd64\", "
                    + "expected \"linux/arm64\" for current build"
            ])
        #expect(try findings("FROM a", .base([])) == [])
    }

    @Test("CopyIgnoredFile needs patterns without exceptions")
    func copyIgnoredFile() throws {
        var context = LintContext()
        let text =
            "FROM a AS x\nCOPY secret/a b /\nCOPY --from=x secret /\nADD ./secret https://x/secret /\nCOPY /secret /\nCOPY . /"
        #expect(try findings(text, context) == [])
        context.ignorePatterns = try IgnorePatterns(["secret"])
        #expect(
            try findings(text, context) == [
                "2 CopyIgnoredFile: Attempting to Copy file \"secret/a\" that is excluded by .dockerignore",
                "4 CopyIgnoredFile: Attempting to Add file \"secret\" that is excluded by .dockerignore",
                "5 CopyIgnoredFile: Attempting to Copy file \"/secret\" that is excluded by .dockerignore",
            ])
        context.ignorePatterns = try IgnorePatterns(["secret", "!secret/a"])
        #expect(try findings(text, context) == [])
    }

    @Test(
        "speak in BuildKit's words",
        arguments: [
            ("FROM a AS Big", "1 StageNameCasing: Stage name 'Big' should be lowercase"),
            ("FROM a as x", "1 FromAsCasing: 'as' and 'FROM' keywords' casing do not match"),
            (
                "FROM a\nenv a=b",
                "2 ConsistentInstructionCasing: Command 'env' should match the case of the command majority (uppercase)"
            ),
            (
                "FROM a AS x\nFROM a AS x",
                "2 DuplicateStageName: Duplicate stage name \"x\", stage names should be unique"
            ),
            (
                "FROM a AS context",
                "1 ReservedStageName: Stage name should not use the same name as reserved stage \"context\""
            ),
            (
                "FROM a\nCMD x",
                "2 JSONArgsRecommended: JSON arguments recommended for CMD to prevent unintended behavior "
                    + "related to OS signals"
            ),
            (
                "ARG VERSION=1\nFROM a:x$VERSON",
                "2 UndefinedArgInFrom: FROM argument 'VERSON' is not declared (did you mean VERSION?)"
            ),
            (
                "FROM a\nWORKDIR x",
                "2 WorkdirRelativePath: Relative workdir \"x\" can have unexpected results if the base image changes"
            ),
            (
                "FROM scratch\nENV foo=1\nLABEL x=$fou",
                "3 UndefinedVar: Usage of undefined variable '$fou' (did you mean $foo?)"
            ),
            (
                "FROM a\nCMD [\"x\"]\nCMD [\"y\"]",
                "2 MultipleInstructionsDisallowed: Multiple CMD instructions should not be used in the same stage "
                    + "because only the last one will be used"
            ),
            (
                "FROM --platform=$TARGETPLATFORM a",
                "1 RedundantTargetPlatform: Setting platform to predefined $TARGETPLATFORM in FROM is redundant "
                    + "as this is the default behavior"
            ),
            (
                "FROM a\nARG TOKEN",
                "2 SecretsUsedInArgOrEnv: Do not use ARG or ENV instructions for sensitive data (ARG \"TOKEN\")"
            ),
            (
                "ARG T\nFROM a:$T",
                "2 InvalidDefaultArgInFrom: Default value for ARG a:$T results in empty or invalid base image name"
            ),
            (
                "FROM --platform=linux/arm64 a",
                "1 FromPlatformFlagConstDisallowed: FROM --platform flag should not use constant value \"linux/arm64\""
            ),
            (
                "# that\nARG A=1\nFROM a",
                "2 InvalidDefinitionDescription: Comment for ARG should follow the format: `# A <description>`"
            ),
            (
                "FROM a\nEXPOSE 80/TCP",
                "2 ExposeProtoCasing: Defined protocol '80/TCP' in EXPOSE instruction should be lowercase"
            ),
            (
                "FROM a\nEXPOSE 80:80",
                "2 ExposeInvalidFormat: EXPOSE instruction should not define an IP address or host-port mapping, "
                    + "found '80:80'"
            ),
        ])
    func messages(text: String, expected: String) throws {
        #expect(try findings(text, experimental: true) == [expected])
    }

    @Test("build arguments and named contexts count")
    func buildArguments() throws {
        var context = LintContext()
        context.buildArguments = ["V": "x"]
        let text = "ARG V\nFROM scratch AS s\nARG V=$nothing\nCOPY $V /"
        #expect(try findings(text, context) == [])
        #expect(try findings(text).count == 1)
        context.namedContexts = ["bad:name:x"]
        #expect(try findings("ARG B=bad:name:x\nFROM $B", context) == [])
    }

    @Test("about what a stage does leave out stages that are not built")
    func neededStages() throws {
        let text =
            "FROM a AS x\nENV a b\nCMD x\nFROM a AS y\nCMD x\nFROM a AS z\nCMD x\nFROM a AS w\nCOPY --from=y a b\n"
            + "RUN --mount=from=x x\nFROM z AS last\nFROM a as Odd"
        func lines(_ stages: LintContext.Stages) throws -> [String] {
            var context = LintContext()
            context.stages = stages
            return try findings(text, context).map { String($0.prefix { $0 != ":" }) }
        }
        let everywhere = ["12 StageNameCasing", "12 FromAsCasing"]
        #expect(try lines(.needed(by: nil)) == everywhere)
        #expect(try lines(.needed(by: "last")) == ["7 JSONArgsRecommended"] + everywhere)
        #expect(
            try lines(.needed(by: "W"))
                == ["2 LegacyKeyValueFormat", "3 JSONArgsRecommended", "5 JSONArgsRecommended"] + everywhere)
        #expect(try lines(.all).count == 6)
    }
}
