// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import ArgumentParser

/// Flags in the spelling `--push=true` and `--pull=false`, which docker takes and scripts use, and `--push=auto`, which is
/// `--push-auto`.
enum BooleanFlags {
    /// The arguments with `--flag=true` as `--flag` and without `--flag=false`, where the flag takes no value.
    static func spelledOut(_ arguments: [String]) -> [String] {
        let command = command(of: arguments)
        // What follows the image is for the program in it, whatever it looks like.
        guard !command.isEmpty, command != [RunCommand.configuration.commandName] else { return arguments }
        var known: [String: Bool] = [:]
        var result: [String] = []
        for (index, argument) in arguments.enumerated() {
            if argument == "--" { return result + arguments[index...] }
            if argument.hasPrefix("--"), argument.hasSuffix("=auto") {
                let name = argument.dropLast("=auto".count) + "-auto"
                result.append(takesNoValue(String(name), of: command) ? String(name) : argument)
                continue
            }
            guard argument.hasPrefix("--"), let equals = argument.firstIndex(of: "="),
                let value = value(argument[argument.index(after: equals)...])
            else {
                result.append(argument)
                continue
            }
            let name = String(argument[..<equals])
            let takesNoValue = known[name] ?? takesNoValue(name, of: command)
            known[name] = takesNoValue
            if !takesNoValue {
                result.append(argument)
            } else if value {
                result.append(name)
            }
        }
        return result
    }

    /// The command that is named, as in `manifest merge`.
    private static func command(of arguments: [String]) -> [String] {
        var command: [String] = []
        var known = ManifoldCommand.configuration.subcommands
        for word in arguments where !word.hasPrefix("-") {
            guard let next = known.first(where: { $0.configuration.commandName == word }) else { break }
            command.append(word)
            known = next.configuration.subcommands
        }
        return command
    }

    /// Go's `strconv.ParseBool`.
    private static func value(_ text: Substring) -> Bool? {
        switch text {
        case "1", "t", "T", "true", "TRUE", "True": true
        case "0", "f", "F", "false", "FALSE", "False": false
        default: nil
        }
    }

    /// Asks the parser: what takes a value takes the argument after it, and refuses to stand at the end.
    private static func takesNoValue(_ name: String, of command: [String]) -> Bool {
        (try? ManifoldCommand.parseAsRoot(command + [".", name])) != nil
            || (try? ManifoldCommand.parseAsRoot(command + [name])) != nil
    }
}
