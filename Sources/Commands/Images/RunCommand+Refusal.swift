// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

extension RunCommand {
    /// Why an option before the image's name is none of this command's.
    static func refusal(of option: String) -> CommandError {
        let name = String(option.prefix { $0 != "=" })
        let letters = name.hasPrefix("--") ? [] : name.dropFirst().map { "-\($0)" }
        let known = [name] + letters
        func isAny(_ options: String...) -> Bool { known.contains(where: options.contains) }
        if isAny("--detach", "-d") {
            return CommandError(
                "\(option): nothing runs on without manifold, which is no daemon",
                remedy:
                    "leave it away, and have your shell or service manager run it in the background: manifold run … &")
        }
        if isAny("--name", "--cidfile", "--restart") {
            return CommandError(
                "\(option): a run has no name and nothing of it stays",
                remedy: "leave it away; end a run by a signal to manifold")
        }
        if isAny("--publish", "-p", "--publish-all", "-P", "--expose") {
            return CommandError(
                "\(option): what runs has this machine's network, so its ports are this machine's",
                remedy: "leave it away, and reach the program at the port that it listens on")
        }
        if isAny("--privileged", "--cap-add", "--device", "--security-opt") {
            return CommandError(
                "\(option): what runs has the rights that docker gives by default, and no others")
        }
        return CommandError("option \(option) is not known", remedy: "see manifold run --help")
    }
}
