// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import FoundationEssentials
import Glibc
import SystemPackage
import TestSupport
import Testing

extension Program {
    @Suite("Logging in and out", .requiresProgram("htpasswd", "script"))
    struct LoginTests {
        private static let jane = DebianRegistry.User(name: "jane", password: "sword%fish:1")

        /// The password on standard input, as a pipeline of a shell gives it.
        private static func piping(_ text: String, _ environment: [String: String] = [:]) -> Manifold.Setting {
            Manifold.Setting(
                environment: environment, within: ["/bin/sh", "-c", "echo \"$0\" | \"$@\"", text])
        }

        private static func mode(_ path: FilePath) -> mode_t {
            var status = stat()
            return stat(path.string, &status) == 0 ? status.st_mode & 0o777 : 0
        }

        @Test(
            "what the registry accepts is kept in Docker's file for its owner alone; a build pushes with it; logout forgets it"
        )
        func file() async throws {
            try await DebianRegistry.with(user: Self.jane) { registry in
                try await Manifold.with { manifold in
                    let config = manifold.path("docker/config.json")
                    try manifold.write(
                        #"{"detachKeys": "ctrl-x", "auths": {"other.example": {"auth": "eDp5"}}}"#, to: config)
                    chmod(config.removingLastComponent().string, 0o777)
                    chmod(config.string, 0o666)
                    let settings = ["DOCKER_CONFIG": config.removingLastComponent().string]
                    let login = try await manifold.run(
                        ["login", registry.host, "-u", "jane", "--password-stdin"],
                        Self.piping(Self.jane.password, settings))
                    try #require(login.succeeded, login.comment)
                    #expect(login.output == "logged in to \(registry.host) as jane\n")
                    #expect(login.errorOutput.contains(config.string), login.comment)
                    #expect(Self.mode(config) & 0o077 == 0)
                    let kept = try JSONValue(parsing: Array(manifold.text(of: config).utf8))
                    #expect(kept["detachKeys"] == "ctrl-x")
                    #expect(kept["auths"]["other.example"]["auth"] == "eDp5")
                    #expect(kept["auths"][registry.host]["auth"].string != nil)
                    // The judge reads the same file.
                    let judge = try await ChildProcess.run(
                        "skopeo", ["login", "--get-login", "--authfile", config.string, registry.host])
                    #expect(judge.output == "jane\n", judge.comment)
                    let name = try await manifold.run(
                        ["login", "--get-login", registry.host], .environment(settings))
                    #expect(name.output == "jane\n", name.comment)

                    let context = try manifold.context("FROM scratch\nCOPY a /\n", files: ["a": "1"])
                    let log = try await manifold.build(
                        ["--push", "-t", "\(registry.host)/mine:1"], context, .environment(settings))
                    #expect(log.succeeded, log.comment)
                    // Kept credentials are checked again where nobody gives others.
                    let again = try await manifold.run(["login", registry.host], .environment(settings))
                    #expect(again.succeeded && again.output.contains("that are kept"), again.comment)

                    let logout = try await manifold.run(
                        ["logout", "https://\(registry.host)/v2/"], .environment(settings))
                    #expect(logout.output == "logged out of \(registry.host)\n", logout.comment)
                    #expect(try !manifold.text(of: config).contains(registry.host))
                    let twice = try await manifold.run(["logout", registry.host], .environment(settings))
                    #expect(twice.succeeded && twice.output.hasPrefix("nobody was logged in"), twice.comment)
                }
            }
        }

        @Test("a wrong password names user and registry, shows no secret and keeps nothing")
        func wrongPassword() async throws {
            try await DebianRegistry.with(user: Self.jane) { registry in
                try await Manifold.with { manifold in
                    let result = try await manifold.run(
                        ["login", "-u", "jane", "--password-stdin", registry.host], Self.piping("hunter2"))
                    #expect(result.status == .exited(1))
                    #expect(result.output == "")
                    let text = result.errorOutput
                    #expect(
                        text.hasPrefix("error: cannot log in to \(registry.host) as jane: ") && text.contains("401"),
                        result.comment)
                    #expect(!text.contains("hunter2") && !text.contains("amFuZTpodW50ZXIy"), result.comment)
                    #expect(Self.mode(manifold.path("home/.docker/config.json")) == 0)
                }
            }
        }

        @Test("a credential helper keeps what config.json says it keeps, and nothing is in the file")
        func helper() async throws {
            try await DebianRegistry.with(user: Self.jane) { registry in
                try await Manifold.with { manifold in
                    let config = manifold.path("docker/config.json")
                    try manifold.write(#"{"credsStore": "test"}"#, to: config)
                    let program = manifold.path("bin/docker-credential-test")
                    try manifold.write(Self.helper(manifold.path("bin/kept")), to: program)
                    chmod(program.string, 0o755)
                    chmod(program.removingLastComponent().string, 0o777)
                    chmod(config.removingLastComponent().string, 0o777)
                    chmod(config.string, 0o666)
                    let settings = [
                        "DOCKER_CONFIG": config.removingLastComponent().string,
                        "PATH": "\(program.removingLastComponent()):/usr/bin:/bin",
                    ]
                    let login = try await manifold.run(
                        ["login", registry.host, "-u", "jane", "--password-stdin"],
                        Self.piping(Self.jane.password, settings))
                    try #require(login.succeeded, login.comment)
                    #expect(login.errorOutput.contains("kept in docker-credential-test"), login.comment)
                    #expect(try manifold.text(of: manifold.path("bin/kept")).contains(Self.jane.password))
                    #expect(
                        try JSONValue(parsing: Array(manifold.text(of: config).utf8))["auths"][registry.host].members
                            == [:])
                    let again = try await manifold.run(["login", registry.host], .environment(settings))
                    #expect(again.succeeded, again.comment)
                    let logout = try await manifold.run(["logout", registry.host], .environment(settings))
                    #expect(logout.output == "logged out of \(registry.host)\n", logout.comment)
                    let name = try await manifold.run(["login", "--get-login", registry.host], .environment(settings))
                    #expect(!name.succeeded && name.errorOutput.contains("nobody is logged in"), name.comment)
                }
            }
        }

        /// Keeps one credential in a file.
        private static func helper(_ file: FilePath) -> String {
            """
            #!/bin/sh
            case "$1" in
            store) cat > \(file) ;;
            get) [ -e \(file) ] || { echo "credentials not found in native keychain"; exit 1; }; cat \(file) ;;
            erase) rm \(file) ;;
            esac
            """
        }

        @Test("on a terminal the password is asked for and not shown")
        func terminal() async throws {
            try await DebianRegistry.with(user: Self.jane) { registry in
                try await Manifold.with { manifold in
                    let file = manifold.path("auth.json")
                    // Each answer is typed when its question is there.
                    let typing = """
                        cd '\(manifold.directory)'; mkfifo keys
                        answer() { until grep -q "$1" shown 2>/dev/null; do sleep 0.05; done; printf '%s\\n' "$2"; }
                        { answer 'User name' jane; answer 'Password' '\(Self.jane.password)'; sleep 1; } > keys &
                        exec script -qefc "$*" shown < keys
                        """
                    let result = try await manifold.run(
                        ["login", "--authfile", file.string, registry.host],
                        Manifold.Setting(within: ["/bin/sh", "-c", typing, "sh"]), timeout: .seconds(30))
                    let shown = try manifold.text(of: manifold.path("shown"))
                    try #require(result.succeeded, result.comment)
                    #expect(shown.contains("logged in to \(registry.host) as jane"), "\(shown)")
                    #expect(!shown.contains("fish"), "\(shown)")
                    #expect(Self.mode(file) == 0o600)
                }
            }
        }

        @Test("a CI system's DOCKER_USERNAME and DOCKER_PASSWORD are enough, and another file can be named")
        func variables() async throws {
            try await DebianRegistry.with(user: Self.jane) { registry in
                try await Manifold.with { manifold in
                    let file = manifold.path("new/auth.json")
                    let login = try await manifold.run(
                        ["login", registry.host],
                        .environment([
                            "DOCKER_USERNAME": "jane", "DOCKER_PASSWORD": Self.jane.password,
                            "REGISTRY_AUTH_FILE": file.string,
                        ]))
                    try #require(login.succeeded, login.comment)
                    let name = try await manifold.run(
                        ["login", "--get-login", "--authfile", file.string, "https://\(registry.host)/"])
                    #expect(name.output == "jane\n", name.comment)
                    #expect(Self.mode(file) == 0o600)
                }
            }
        }

        @Test(
            "Docker Hub has many names and one entry",
            arguments: [
                [], ["docker.io"], ["https://index.docker.io/v1/"], ["index.docker.io"], ["registry-1.docker.io"],
            ])
        func dockerHub(arguments: [String]) async throws {
            try await Manifold.with { manifold in
                let file = manifold.path("auth.json")
                let auth = Data("jane:fish".utf8).base64EncodedString()
                try manifold.write(#"{"auths": {"https://index.docker.io/v1/": {"auth": "\#(auth)"}}}"#, to: file)
                chmod(file.string, 0o666)
                let words = ["--authfile", file.string] + arguments
                let name = try await manifold.run(["login", "--get-login"] + words)
                #expect(name.output == "jane\n", name.comment)
                let logout = try await manifold.run(["logout"] + words)
                #expect(logout.output == "logged out of Docker Hub (docker.io)\n", logout.comment)
                #expect(try !manifold.text(of: file).contains("docker.io"))
            }
        }

        @Test("a token that the registry gives in place of the password is what is kept")
        func identityToken() async throws {
            let authentication = TestRegistry.Authentication.bearer(username: "jane", password: "sword%fish")
            try await TestRegistry.with(authentication: authentication) { registry in
                try await Manifold.with { manifold in
                    let file = manifold.path("home/.docker/config.json")
                    let login = try await manifold.run(
                        ["login", registry.host, "--username=jane", "--password-stdin"],
                        Self.piping("sword%fish", ["DOCKER_CONFIG": file.removingLastComponent().string]))
                    try #require(login.succeeded, login.comment)
                    #expect(login.errorOutput.contains("a token in place of the password"), login.comment)
                    let kept = try JSONValue(parsing: Array(manifold.text(of: file).utf8))["auths"][registry.host]
                    #expect(kept["identitytoken"] == "identity")
                    #expect(Self.mode(file) == 0o600)
                }
            }
        }

        @Test("a certificate that nobody vouches for is refused, unless --tls-verify=false says otherwise")
        func certificate() async throws {
            let certificate = try await TestCertificate.make()
            try await DebianRegistry.with(user: Self.jane, certificate: certificate) { registry in
                try await Manifold.with { manifold in
                    // The same registry by an address that is not one of loopback, where no certificate is needed.
                    let host = registry.host.replacing("127.0.0.1", with: "0.0.0.0")
                    let words = [
                        "login", "--authfile", manifold.path("auth.json").string, "-ujane", "--password-stdin", host,
                    ]
                    let refused = try await manifold.run(words, Self.piping(Self.jane.password))
                    #expect(refused.status == .exited(1), refused.comment)
                    #expect(refused.errorOutput.contains("no secure connection to \(host)"), refused.comment)
                    let accepted = try await manifold.run(
                        words + ["--tls-verify=false"], Self.piping(Self.jane.password))
                    #expect(accepted.succeeded, accepted.comment)
                }
            }
        }

        @Test(
            "what cannot be is refused in words, without secrets",
            arguments: [
                (["-u", "jane", "-p", "hunter2", "registry.example"], "on the command line is refused"),
                (["-u", "jane", "-phunter2", "registry.example"], "on the command line is refused"),
                (["-u", "jane", "--password=hunter2", "registry.example"], "on the command line is refused"),
                (["--password-stdin", "registry.example"], "needs a user name"),
                (["-u", "", "--password-stdin", "registry.example"], "the user name is empty"),
                (["-u", "jane", "registry.example"], "no terminal to ask"),
                (["-u", "jane", "--password-stdin", "registry"], "is not a registry"),
                (["-u", "jane", "--password-stdin", "https://jane:hunter2@registry.example"], "is not a registry"),
                (["-u", "jane", "--password-stdin", "127.0.0.1:1"], "cannot be reached"),
            ])
        func refusals(arguments: [String], words: String) async throws {
            try await Manifold.with { manifold in
                var setting = Self.piping("hunter2")
                setting.around = ["setsid", "--wait"]
                let result = try await manifold.run(["login"] + arguments, setting)
                #expect(result.status == .exited(1), result.comment)
                #expect(result.errorOutput.contains(words) && !result.errorOutput.contains("hunter2"), result.comment)
            }
        }

        @Test("the credentials of a team's repositories are kept beside those of the registry and come first")
        func scoped() async throws {
            try await DebianRegistry.with(user: Self.jane) { registry in
                try await Manifold.with { manifold in
                    let file = manifold.path("auth.json")
                    let wrong = Data("jane:wrong".utf8).base64EncodedString()
                    try manifold.write(#"{"auths": {"\#(registry.host)": {"auth": "\#(wrong)"}}}"#, to: file)
                    chmod(file.string, 0o666)
                    let settings = ["REGISTRY_AUTH_FILE": file.string]
                    let login = try await manifold.run(
                        ["login", "\(registry.host)/team", "-u", "jane", "--password-stdin"],
                        Self.piping(Self.jane.password, settings))
                    try #require(login.succeeded, login.comment)
                    #expect(login.errorOutput.contains("docker does not"), login.comment)
                    let context = try manifold.context("FROM scratch\nCOPY a /\n", files: ["a": "1"])
                    let team = try await manifold.build(
                        ["--push", "-t", "\(registry.host)/team/app:1"], context, .environment(settings))
                    #expect(team.succeeded, team.comment)
                    let other = try await manifold.build(
                        ["--push", "-t", "\(registry.host)/other/app:1"], context, .environment(settings))
                    #expect(!other.succeeded && other.message.contains("manifold login"), other.comment)
                }
            }
        }
    }
}
