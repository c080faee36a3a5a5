// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import HTTP
public import SystemPackage

/// Fetches git repositories with the git program.
///
/// What a repository holds is not trusted: no configuration of this host is read, no hook, filter or helper program
/// runs, nobody is asked for anything, and only http, https, git and ssh are spoken, for submodules as well.
public struct GitClient: Sendable {
    /// The variables of this process; only those that say where programs, proxies and certificates are are used.
    let environment: [String: String]
    let secrets: RemoteSecrets
    /// The socket of an ssh agent.
    let agent: FilePath?

    /// - Parameters:
    ///   - environment: the variables of this process.
    ///   - secrets: what servers want to see.
    ///   - agent: the socket of an ssh agent; nil for the one in `environment`.
    public init(environment: [String: String], secrets: RemoteSecrets = .none, agent: FilePath? = nil) {
        self.environment = environment
        self.secrets = secrets
        self.agent = agent ?? environment["SSH_AUTH_SOCK"].flatMap { $0.isEmpty ? nil : FilePath($0) }
    }

    /// The environment of git: nothing of the host's configuration.
    ///
    /// - Parameter scratch: a directory where ssh may note the keys of hosts that it meets first; nil to forget them.
    func variables(for source: GitSource, scratch: FilePath?) throws -> [String: String] {
        let handedOn = [
            "PATH", "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "no_proxy",
            "all_proxy", "TMPDIR", "SSL_CERT_DIR",
        ]
        var variables: [String: String] = [:]
        for name in handedOn { variables[name] = environment[name] }
        if let file = environment["SSL_CERT_FILE"], !file.isEmpty { variables["GIT_SSL_CAINFO"] = file }
        variables["LC_ALL"] = "C"
        variables["HOME"] = "/nonexistent"
        variables["GIT_CONFIG_NOSYSTEM"] = "1"
        variables["GIT_CONFIG_GLOBAL"] = "/dev/null"
        variables["GIT_ATTR_NOSYSTEM"] = "1"
        variables["GIT_TERMINAL_PROMPT"] = "0"
        variables["GIT_ASKPASS"] = "true"
        variables["SSH_ASKPASS_REQUIRE"] = "never"
        variables["GIT_ALLOW_PROTOCOL"] = "http:https:git:ssh"
        variables["GIT_LFS_SKIP_SMUDGE"] = "1"
        variables["GIT_SSH_COMMAND"] = sshCommand(scratch)
        if let agent { variables["SSH_AUTH_SOCK"] = agent.string }
        // By variables, since everybody can read the arguments of a process.
        for (index, setting) in try settings(for: source).enumerated() {
            variables["GIT_CONFIG_KEY_\(index)"] = setting.key
            variables["GIT_CONFIG_VALUE_\(index)"] = setting.value
            variables["GIT_CONFIG_COUNT"] = "\(index + 1)"
        }
        return variables
    }

    private func settings(for source: GitSource) throws -> [(key: String, value: String)] {
        var settings = [
            ("core.hooksPath", "/dev/null"), ("core.fsmonitor", "false"), ("core.logAllRefUpdates", "false"),
            ("core.symlinks", "true"), ("core.protectHFS", "true"), ("core.protectNTFS", "true"),
            ("advice.detachedHead", "false"), ("gc.auto", "0"), ("maintenance.auto", "false"),
            ("init.defaultBranch", "master"), ("safe.directory", "*"), ("credential.helper", ""),
            ("http.lowSpeedLimit", "1"), ("http.lowSpeedTime", "60"), ("fetch.fsckObjects", "false"),
        ]
        guard let scheme = WebURL.scheme(of: source.remote), scheme == "http" || scheme == "https" else {
            return settings
        }
        let authority = source.remote.dropFirst(scheme.count + 3).prefix { $0 != "/" }
        let place = authority.split(separator: "@").last.map(String.init) ?? ""
        let hosts = place == source.host ? [place] : [place, source.host]
        if let (header, isForHost) = try secrets.authorization(forGit: hosts) {
            // A token for one repository is not for its neighbours; those of GitHub serve submodules as well.
            let isForSite = isForHost || source.host == "github.com"
            let scope = isForSite ? "\(scheme)://\(place)/" : source.address
            settings.append(("http.\(scope).extraHeader", "Authorization: \(header)"))
        } else if let login = source.login {
            // As git itself has it, for submodules with relative addresses, too.
            settings.append(
                ("http.\(scheme)://\(place)/.extraHeader", "Authorization: Basic " + Base64.encode(login)))
        }
        return settings
    }

    /// Hosts that the user knows must show the key that is known; others are believed once.
    private func sshCommand(_ scratch: FilePath?) -> String {
        var files = [scratch.map { $0.appending("known_hosts").string } ?? "/dev/null"]
        if let home = environment["HOME"], !home.isEmpty { files.append(home + "/.ssh/known_hosts") }
        // ssh splits the value at blanks and knows `%` escapes; the shell knows single quotes.
        let list = files.map { "\"" + $0.replacing("%", with: "%%") + "\"" }.joined(separator: " ")
        let quoted = "'UserKnownHostsFile=" + list.replacing("'", with: "'\\''") + "'"
        return "ssh -F /dev/null -o BatchMode=yes -o StrictHostKeyChecking=accept-new -o ConnectTimeout=30 -o \(quoted)"
    }
}
