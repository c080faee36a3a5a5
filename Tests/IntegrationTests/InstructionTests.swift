// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import SystemPackage
import TestSupport
import Testing

extension Program {
    @Suite("Instructions")
    struct InstructionTests {
        @Test("the config says what the Dockerfile says, in skopeo's eyes")
        func config() async throws {
            try await Manifold.with { manifold in
                let name = "\(try SharedRegistry.host)/instructions:1"
                let context = try manifold.context(
                    Program.dockerfile(
                        #"LABEL one="1" two="a b""#, "ARG GREETING=hello", "ENV A=${GREETING} B=\"$A\"", "ENV B=$A-$A",
                        "EXPOSE 80 443/udp", "VOLUME [\"/data\"]", "USER 33:100", "WORKDIR /srv", "WORKDIR sub",
                        "STOPSIGNAL SIGQUIT", "HEALTHCHECK --interval=5s --retries=2 CMD wget -q localhost",
                        "SHELL [\"/bin/ash\", \"-ec\"]", "ENTRYPOINT [\"/bin/echo\"]", "CMD echo $A",
                        "MAINTAINER somebody", "ONBUILD COPY . /app"))
                let log = try await manifold.build(
                    try Program.busybox + [
                        "--push", "--tag", name, "--label", "three=3", "--build-arg", "GREETING=hi",
                    ],
                    context)
                try #require(log.succeeded, log.comment)
                let inspect = try await Program.skopeo(
                    "inspect", "--config", "--raw", "--tls-verify=false", "docker://\(name)")
                let image = try JSONValue(parsing: inspect.stdout)
                #expect(image["os"] == "linux")
                #expect(image["architecture"] == "amd64")
                #expect(image["author"] == "somebody")
                let config = image["config"]
                #expect(config["Labels"] == ["one": "1", "two": "a b", "three": "3"])
                #expect(config["Env"].strings.dropFirst() == ["A=hi", "B=hi-hi"])
                #expect(config["ExposedPorts"] == ["80/tcp": [:], "443/udp": [:]])
                #expect(config["Volumes"] == ["/data": [:]])
                #expect(config["User"] == "33:100")
                #expect(config["WorkingDir"] == "/srv/sub")
                #expect(config["StopSignal"] == "SIGQUIT")
                #expect(config["Entrypoint"] == ["/bin/echo"])
                #expect(config["Cmd"] == ["/bin/ash", "-ec", "echo $A"])
                // The OCI config has no place for these; the one that Docker writes has, and registries keep it.
                #expect(config["Healthcheck"]["Test"] == ["CMD-SHELL", "wget -q localhost"])
                #expect(config["Healthcheck"]["Interval"] == 5_000_000_000)
                #expect(config["Healthcheck"]["Retries"] == 2)
                #expect(config["OnBuild"] == ["COPY . /app"])
                #expect(config["Shell"] == ["/bin/ash", "-ec"])
                let made = image["history"].array.filter { $0["empty_layer"] != true }.count
                #expect(made == image["rootfs"]["diff_ids"].array.count)

                // The trigger fires in who builds on it.
                let child = try manifold.context("FROM \(name)\n", files: ["file": "1"], name: "child")
                let second = try await manifold.build(Program.layout(manifold), child)
                try #require(second.succeeded, second.comment)
                let built = try ImageLayout(manifold.path("out")).image("linux/amd64")
                #expect(built.config["config"]["OnBuild"] == .null)
                let entries = try await ImageLayout.entries(of: try #require(built.layers.last))
                #expect(entries.contains("-rw-r--r-- 0/0 app/file"), "\(entries)")
            }
        }

        @Test("RUN sees SHELL, ENV, ARG, USER and WORKDIR, and heredocs run by their interpreter")
        func commands() async throws {
            try await Manifold.with { manifold in
                let log = try await Program.build(
                    """
                    # syntax=docker/dockerfile:1
                    # escape=`
                    ARG BASE
                    FROM $BASE
                    ARG WHO=nobody
                    ENV PLACE=here
                    RUN echo $WHO $PLACE `
                      continued
                    RUN ["/bin/echo", "$WHO", "not expanded"]
                    WORKDIR /work/deep
                    RUN pwd
                    USER www-data
                    RUN id -u -n && id -g && echo $HOME
                    USER 1234:100
                    RUN id -u; id -g
                    USER daemon:adm
                    RUN id
                    USER 0
                    RUN <<END
                    cd /tmp
                    pwd
                    END
                    RUN <<"END"
                    #!/usr/bin/awk BEGIN { print "awk runs" }
                    END
                    SHELL ["/bin/sh", "-c", "echo shell; eval \\"$0\\""]
                    RUN echo traced

                    """, ["--build-arg", "WHO=me"], with: manifold)
                try #require(log.succeeded, log.comment)
                #expect(
                    log.output(of: "linux/amd64") == [
                        "me here continued", "$WHO not expanded", "/work/deep", "www-data", "33", "/var/www", "1234",
                        "100",
                        "uid=1(daemon) gid=4(adm) groups=4(adm)", "/tmp", "awk runs", "shell", "traced",
                    ], log.comment)
            }
        }

        @Test("COPY and ADD take what .dockerignore leaves, with owners and modes")
        func copies() async throws {
            try await Manifold.with { manifold in
                let log = try await Program.build(
                    """
                    ARG BASE
                    FROM scratch AS files
                    COPY . /all/
                    FROM $BASE
                    COPY --from=files /all/keep /from-stage/
                    COPY --chown=www-data:users --chmod=0600 a.txt /owned
                    ADD --chmod=755 keep/*.txt dir/
                    COPY <<END /inline
                    one $HOME
                    END
                    COPY --parents **/one.txt /parents/
                    """,
                    files: [
                        ".dockerignore": "*.log\n!important.log\nkeep/secret\n", "a.txt": "a", "b.log": "b",
                        "important.log": "i", "keep/one.txt": "1", "keep/two.txt": "2", "keep/secret": "s",
                    ], with: manifold)
                try #require(log.succeeded, log.comment)
                let image = try ImageLayout(manifold.path("out")).image("linux/amd64")
                var entries: [[String]] = []
                for layer in image.layers.dropFirst() { entries.append(try await ImageLayout.entries(of: layer)) }
                #expect(
                    entries == [
                        [
                            "drwxr-xr-x 0/0 from-stage/", "-rw-r--r-- 0/0 from-stage/one.txt",
                            "-rw-r--r-- 0/0 from-stage/two.txt",
                        ],
                        ["-rw------- 33/100 owned"],
                        ["drwxr-xr-x 0/0 dir/", "-rwxr-xr-x 0/0 dir/one.txt", "-rwxr-xr-x 0/0 dir/two.txt"],
                        ["-rw-r--r-- 0/0 inline"],
                        [
                            "drwxr-xr-x 0/0 parents/", "drwxr-xr-x 0/0 parents/keep/",
                            "-rw-r--r-- 0/0 parents/keep/one.txt",
                        ],
                    ])
                let all = try await manifold.build(
                    try Program.busybox + ["--target", "files"] + Program.layout(manifold, "all"),
                    manifold.path("context"))
                try #require(all.succeeded, all.comment)
                let layer = try #require(try ImageLayout(manifold.path("all")).image("linux/amd64").layers.first)
                let names = try await ImageLayout.entries(of: layer).compactMap { $0.split(separator: " ").last }
                #expect(
                    names == [
                        "all/", "all/.dockerignore", "all/Dockerfile", "all/a.txt", "all/important.log", "all/keep/",
                        "all/keep/one.txt", "all/keep/two.txt",
                    ])
            }
        }

        @Test(
            "a Dockerfile that says nothing sensible is an error that shows the line",
            arguments: [
                ("FORM scratch", "1 | FORM scratch"), ("FROM scratch\nRUM true", "RUN"),
                ("FROM scratch\nCOPY a", "COPY"),
                ("", "no instructions"), ("FROM $NOTHING", "FROM"), ("FROM scratch\nRUN <<END\ntrue", "END"),
            ])
        func invalid(dockerfile: String, words: String) async throws {
            try await Manifold.with { manifold in
                let log = try await Program.build(dockerfile, with: manifold)
                #expect(log.result.status == .exited(1))
                #expect(log.message.contains(words), log.comment)
                #expect(log.titles.isEmpty)
            }
        }
    }
}
