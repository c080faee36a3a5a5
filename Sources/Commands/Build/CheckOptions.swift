// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import ArgumentParser

/// Flags that ask about a Dockerfile instead of building it.
struct CheckOptions: ParsableArguments {
    @Flag(
        name: .customLong("check"),
        help: ArgumentHelp(
            "Look for mistakes in the Dockerfile and build nothing.",
            discussion: "Short for --call check. The exit code is 1 when there are warnings."))
    var check = false

    @Option(
        name: .customLong("call"),
        help: ArgumentHelp(
            "What to do: build, check, outline (what the build can be given) or targets (what can be built).",
            discussion: "With ,format=json the answer is JSON. Default: build.", valueName: "method"))
    var call: String?

    /// The name that --call had once.
    @Option(name: .customLong("print"), help: ArgumentHelp("The same as --call.", visibility: .hidden))
    var print: String?

    /// What is asked; nil for a build.
    ///
    /// - Throws: ``CommandError``.
    func question() throws -> Call? {
        let flag = call == nil ? "--print" : "--call"
        let asked = try (call ?? print).map { try Call(parsing: $0, flag: flag) }
        guard check else { return asked?.method == .build ? nil : asked }
        guard let asked else { return Call(method: .check) }
        guard asked.method == .check else {
            throw CommandError("--check and \(flag) \(asked.method.rawValue) ask for different things")
        }
        return asked
    }

    /// Whether a command line asks and builds nothing, so that it needs no user namespace; an archive on standard input
    /// is unpacked in one.
    static func asks(_ arguments: [String]) -> Bool {
        if arguments.contains("-") { return false }
        if arguments.contains("--check") { return true }
        for (index, argument) in arguments.enumerated() {
            for flag in ["--call", "--print"] {
                let value =
                    argument == flag && index + 1 < arguments.count
                    ? arguments[index + 1]
                    : argument.hasPrefix(flag + "=") ? String(argument.dropFirst(flag.count + 1)) : nil
                if let value, let call = try? Call(parsing: value, flag: flag) { return call.method != .build }
            }
        }
        return false
    }
}

/// The value of `--call`: `check`, `outline,format=json`.
struct Call: Equatable {
    enum Method: String, CaseIterable {
        case build, check, outline, targets
        case describe = "subrequests.describe"
    }

    enum Format: String, CaseIterable {
        case text, json
    }

    var method: Method
    var format = Format.text
    /// Whether the exit code is 0 whatever is found.
    var ignoresStatus = false

    init(method: Method) { self.method = method }

    /// - Throws: ``CommandError``.
    init(parsing text: String, flag: String) throws {
        var fields = try AttributeList(text, flag: flag, example: "check,format=json") { word in
            word == "ignorestatus" ? (word, "true") : ("method", word)
        }
        let name = fields.take("method") ?? "build"
        // BuildKit's own names are longer.
        let short = name.hasPrefix("frontend.") ? String(name.dropFirst("frontend.".count)) : name
        method = try Self.choice(short == "lint" ? "check" : short, of: fields.source)
        if let word = fields.take("format") { format = try Self.choice(word, of: fields.source) }
        ignoresStatus = try fields.takeBoolean("ignorestatus") ?? false
        if let key = fields.rest.first {
            throw CommandError("\(fields.source): \"\(key)\" is not understood", remedy: "there is format")
        }
    }

    private static func choice<Choice: RawRepresentable & CaseIterable>(
        _ word: String, of source: String
    ) throws -> Choice where Choice.RawValue == String {
        if let choice = Choice(rawValue: word.lowercased()) { return choice }
        let known = Choice.allCases.map(\.rawValue).joined(separator: ", ")
        throw CommandError("\(source): \"\(word)\" is not understood", remedy: "there are \(known)")
    }
}
