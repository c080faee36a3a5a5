// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import Dockerfile
import OCI
import Testing

@Suite("Lint rules across platforms")
struct LintOwnTests {
    @Test(
        "fire at the marked lines and nowhere else",
        arguments: [
            MarkedCase(
                "QemuInImage",
                "FROM a AS x\nCOPY qemu-arm-static /usr/bin/\nFROM b\n>>> COPY qemu/qemu-aarch64-static /usr/bin/\n"
                    + ">>> COPY --from=multiarch/qemu-user-static /usr/bin/x /usr/bin/\n>>> COPY qemu-* qemu-*-static /usr/bin/\n"
                    + ">>> ADD https://x.test/v1/x86_64_qemu-arm-static.tar.gz /usr/bin\n"
                    + ">>> RUN apt-get update && apt-get install -y curl qemu-user-static\n"
                    + ">>> RUN curl -L https://x.test/qemu-arm-static.tar.gz | tar xz\n>>> COPY qemu-riscv64 /bin/\n"
                    + "COPY qemu-img qemu-system-arm qemu-notes.md /bin/\nRUN apt-get install qemu-utils\n"
                    + "RUN rm -f /usr/bin/qemu-arm-static"),
            MarkedCase("QemuInImage", "FROM a AS x\n>>> COPY qemu-arm-static /usr/bin/\nFROM x\nRUN y"),
            MarkedCase(
                "HardcodedArchitecture",
                "FROM a\n>>> RUN curl -LO https://x.test/tool-linux-amd64\n>>> RUN wget x.test/tool_x86_64.tar.gz\n"
                    + ">>> ADD https://x.test/pkg_1.0_arm64.deb /\n>>> RUN GOOS=linux GOARCH=amd64 go build\n>>> ENV GOARCH=arm64\n"
                    + ">>> COPY bin/amd64/app /app\n>>> RUN curl https://x.test/node-v1-linux-x64.tar.xz\n"
                    + ">>> RUN apt-get install -y libfoo:armhf\nRUN a && \\\n>>>   curl -O https://x.test/y.aarch64.rpm\n"
                    + ">>> ENV LIB=/usr/lib/x86_64-linux-gnu\n>>> ENV JAVA_HOME=/usr/lib/jvm/java-openjdk-amd64\nRUN sed -i s/amd64/x/ f\nRUN <<E\nset -e\n>>> curl https://x.test/linux-arm64\nE\n"
            ),
            MarkedCase(
                "HardcodedArchitecture",
                "FROM a\nRUN curl -LO https://x.test/tool-linux-$TARGETARCH\nARG TARGETARCH\n"
                    + "RUN case $TARGETARCH in amd64) a=x86_64.tar.gz;; *) exit 1;; esac\n"
                    + "RUN [ \"$(uname -m)\" = x86_64 ] && curl https://x.test/x86_64.tar.gz\n"
                    + "RUN for a in linux-amd64 linux-arm64; do curl https://x.test/$a; done\n"
                    + "RUN dpkg --add-architecture arm64 && apt-get install gcc-aarch64-linux-gnu\nRUN echo amd64\n"
                    + "COPY bin/linux-$TARGETARCH/app /\nCOPY --from=b /usr/lib/x86_64-linux-gnu/x /\n"
                    + "RUN CC=aarch64-linux-gnu-gcc make\nRUN curl https://x.test/charm-armory.tar.gz"),
            MarkedCase(
                "HardcodedArchitecture",
                "FROM --platform=linux/amd64 a AS x\nRUN curl https://x.test/linux-amd64.tar.gz\n"
                    + "FROM x\nRUN curl https://x.test/linux-amd64.tar.gz\n"
                    + "FROM --platform=$BUILDPLATFORM golang AS y\nRUN curl https://x.test/linux-amd64.tar.gz\n"
                    + ">>> RUN GOARCH=amd64 go build\n"
                    + "FROM a AS tools-amd64\nRUN curl https://x.test/linux-amd64.tar.gz\n"
                    + "FROM arm32v7/debian AS z\nADD https://x.test/a_armhf.deb /\nFROM z\nADD https://x.test/a_armhf.deb /"
            ),
            MarkedCase("ArchPrefixedBase", "FROM arm32v7/alpine"),
            MarkedCase("CrossTemplateOrder", "FROM a\nRUN x"),
            MarkedCase(
                "CouldCrossCompile",
                ">>> FROM golang:1.22 AS build\nRUN CGO_ENABLED=0 go build -o /x .\nFROM scratch\nCOPY --from=build /x /x"
            ),
            MarkedCase(
                "CouldCrossCompile",
                ">>> FROM golang:1.22-alpine AS build\nRUN go build -o /x .\n>>> FROM rust:1 AS r\nRUN cargo build --release\n"
                    + "FROM scratch\nCOPY --from=build /x /x\nCOPY --from=r /x /x"),
            MarkedCase(
                "CouldCrossCompile",
                "FROM golang:1.22-alpine AS c\nRUN apk add gcc musl-dev && go build\nFROM golang:1.22 AS d\nRUN go build\n"
                    + "FROM --platform=$BUILDPLATFORM golang AS e\nRUN CGO_ENABLED=0 go build\n"
                    + "FROM golang AS f\nARG TARGETARCH\nRUN CGO_ENABLED=0 GOARCH=$TARGETARCH go build\n"
                    + "FROM rust AS g\nRUN apt-get install -y libssl-dev && cargo build\nFROM golang AS h\nRUN go test ./...\n"
                    + "FROM golang\nRUN CGO_ENABLED=0 go build"),
            MarkedCase(
                "CouldCrossCompile",
                ">>> FROM node:20 AS web\nRUN npm ci && npm run build\nFROM nginx\nCOPY --from=web /app/dist /usr/share/nginx/html"
            ),
            MarkedCase(
                "CouldCrossCompile",
                "FROM node:20 AS web\nRUN npm ci && npm run build\nFROM node:20\nCOPY --from=web /app/dist /app"),
            MarkedCase(
                "CouldCrossCompile",
                "FROM node:20 AS web\nRUN npm ci && npm run build\nFROM nginx\nCOPY --from=web /app /usr/share/nginx/html"
            ),
        ])
    func marked(_ marked: MarkedCase) throws {
        try marked.check()
    }

    @Test("ArchPrefixedBase needs platforms that the base does not have")
    func archPrefixedBase() throws {
        let both = try LintContext.building("linux/amd64", "linux/arm/v7")
        try MarkedCase(
            "ArchPrefixedBase",
            ">>> FROM arm32v7/alpine:3\n>>> FROM docker.io/arm64v8/debian\nFROM alpine\nFROM x.test/arm32v7/alpine\n"
                + "FROM arm32v7/alpine AS base-arm\nFROM --platform=linux/arm/v7 arm32v7/alpine\nFROM team/arm32v7",
            both
        ).check()
        try MarkedCase(
            "ArchPrefixedBase", "ARG A=arm32v7\n>>> FROM $A/alpine\nFROM ${TARGETARCH}/alpine", both
        ).check()
        try MarkedCase("ArchPrefixedBase", "FROM arm32v7/alpine", .building("linux/arm/v7")).check()
        try MarkedCase("ArchPrefixedBase", ">>> FROM arm32v7/alpine", .building("linux/arm64")).check()
        #expect(
            try findings("FROM arm32v7/alpine:3", both) == [
                "1 ArchPrefixedBase: Base image arm32v7/alpine:3 is for linux/arm/v7 only; use alpine:3"
            ])
    }

    @Test("what is right for the only platform of a build is no finding")
    func onlyPlatform() throws {
        let text = "FROM a\nADD https://x.test/linux-amd64.tgz /"
        #expect(try findings(text, .building("linux/amd64")) == [])
        #expect(try findings(text, .building("linux/arm64")).count == 1)
        #expect(try findings(text, .building("linux/amd64", "linux/arm64")).count == 1)
        let compile = "FROM golang AS b\nRUN CGO_ENABLED=0 go build\nFROM scratch\nCOPY --from=b /x /x"
        #expect(try findings(compile, .building("linux/amd64")) == [])
        #expect(try findings(compile, .building("linux/amd64", "linux/arm64")).count == 1)
    }

    @Test(
        "HardcodedArchitecture says what to write instead",
        arguments: [
            ("RUN curl https://x.test/linux-amd64", "use $TARGETARCH (with ARG TARGETARCH in the stage)"),
            ("RUN curl https://x.test/x86_64.tgz", "use $(uname -m), or choose by $TARGETARCH"),
            ("RUN curl https://x.test/armhf.deb", "use $(dpkg --print-architecture), or choose by $TARGETARCH"),
            ("ADD https://x.test/x86_64.tgz /", "choose by $TARGETARCH (with ARG TARGETARCH in the stage)"),
        ])
    func advice(instruction: String, advice: String) throws {
        let found = try findings("FROM a\n" + instruction)
        #expect(found.count == 1)
        #expect(found.first?.hasSuffix("only; " + advice) == true, "\(found)")
    }

    @Test("CrossTemplateOrder looks at the template")
    func crossTemplateOrder() throws {
        func lines(_ template: String) throws -> [Int] {
            var context = LintContext()
            context.template = template
            let linter = try Linter(Dockerfile(parsing: "FROM a"))
            return linter.diagnostics(context).filter { $0.rule == "CrossTemplateOrder" }.map(\.lines.lowerBound)
        }
        let copy = "__CROSS_COPY qemu/qemu-__QEMU_ARCH__-static /usr/bin/\n"
        let from = "FROM __BASEIMAGE_ARCH__/alpine\n"
        #expect(try lines(from + copy + "RUN x\n") == [])
        #expect(try lines(from + "RUN x\n" + copy + "RUN y\n") == [2])
        #expect(try lines(from + "# RUN x\nENV a=b \\\nRUN=c\n" + copy) == [])
        #expect(try lines(from + "RUN x\n" + from + copy) == [])
        #expect(try lines(from + "COPY <<E /x\nRUN x\nE\n" + copy) == [])
        #expect(try lines(from + "RUN x\nRUN z\n__CROSS_COPY other /\n" + copy) == [2, 3])
    }
}
