// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import Dockerfile

/// The names that mean something as a --build-arg although no ARG declares them.
enum PredefinedArguments {
    /// Tells a command how many processes it should start at once, where an ARG without a value asks for it. It differs
    /// between machines, so it is no part of what a step is, and instructions do not see it.
    static let jobs = "MANIFOLD_JOBS"

    /// Whether a name is known without an ARG.
    static func contains(_ name: String) -> Bool {
        proxyNames.contains(name.uppercased()) || name == "SOURCE_DATE_EPOCH" || name.hasPrefix("BUILDKIT_")
            || PlatformArguments.names.contains(name)
    }

    /// Whether an ARG of that name is for the build's tools and never for its commands.
    static func isHiddenFromCommands(_ name: String) -> Bool { name.hasPrefix("BUILDKIT_SBOM_SCAN_") }

    /// What RUN sees of the proxies among `arguments`: each in both spellings, unless an instruction has set the name.
    /// They are no part of what a step is.
    static func proxies(_ arguments: [String: String], besides variables: Variables) -> [String] {
        let given = arguments.sorted { $0.key < $1.key }.filter { proxyNames.contains($0.key.uppercased()) }
        var lines: [String] = []
        for (name, value) in given {
            for spelling in [name.uppercased(), name.lowercased()] where variables[spelling] == nil {
                // Who gives both spellings may mean two values.
                let line = "\(spelling)=\(arguments[spelling] ?? value)"
                if !lines.contains(line) { lines.append(line) }
            }
        }
        return lines
    }

    private static let proxyNames: Set = ["HTTP_PROXY", "HTTPS_PROXY", "FTP_PROXY", "NO_PROXY", "ALL_PROXY"]
}
