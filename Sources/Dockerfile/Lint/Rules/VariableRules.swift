// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

extension LintRule {
    static let undefinedArgInFrom = LintRule("UndefinedArgInFrom", "FROM command must use declared ARGs") { scan in
        scan.stages.flatMap { stage in
            stage.undefinedInFrom.map { name, suggestion in
                Diagnostic(
                    rule: "UndefinedArgInFrom",
                    message: "FROM argument '\(name)' is not declared"
                        + (suggestion.map { " (did you mean \($0)?)" } ?? ""),
                    lines: stage.stage.lines)
            }
        }
    }

    static let undefinedVar = LintRule("UndefinedVar", "Variables should be defined before their use") { scan in
        scan.countedStages.flatMap { stage in
            stage.instructions.flatMap { instruction in
                instruction.undefined.compactMap { name, suggestion -> Diagnostic? in
                    // A base image that was not looked at may set it; a slip of the pen is one all the same.
                    guard stage.knowsEnvironment || suggestion != nil else { return nil }
                    return Diagnostic(
                        rule: "UndefinedVar",
                        message: "Usage of undefined variable '$\(name)'"
                            + (suggestion.map { " (did you mean $\($0)?)" } ?? ""),
                        lines: instruction.written.lines)
                }
            }
        }
    }

    static let invalidDefaultArgInFrom = LintRule(
        "InvalidDefaultArgInFrom", "Default value for global ARG results in an empty or invalid base image name"
    ) { scan in
        scan.stages.filter(\.hasInvalidDefaultBase).map { stage in
            Diagnostic(
                rule: "InvalidDefaultArgInFrom",
                message: "Default value for ARG \(stage.stage.baseName) results in empty or invalid base image name",
                lines: stage.stage.lines)
        }
    }

    static let secretsUsedInArgOrEnv = LintRule(
        "SecretsUsedInArgOrEnv", "Sensitive data should not be used in the ARG or ENV commands"
    ) { scan in
        scan.countedStages.flatMap { stage in
            stage.instructions.flatMap { instruction -> [Diagnostic] in
                let names: [String] =
                    switch instruction.expanded.kind {
                    case .argument(let declarations): declarations.map(\.name)
                    case .environment(let pairs): pairs.map(\.name)
                    default: []
                    }
                return names.filter(namesSecret).map { name in
                    Diagnostic(
                        rule: "SecretsUsedInArgOrEnv",
                        message: "Do not use ARG or ENV instructions for sensitive data "
                            + "(\(instruction.written.keyword) \(GoQuoting.quoted(name)))",
                        lines: instruction.written.lines)
                }
            }
        }
    }

    private static let secretWords: Set<String> = [
        "apikey", "auth", "credential", "credentials", "key", "password", "pword", "passwd", "secret", "token",
    ]
    private static let harmlessWords: Set<String> = ["public", "file", "version"]

    /// Whether one of the words between underscores is a secret's, and none says that it is none.
    private static func namesSecret(_ name: String) -> Bool {
        let words = name.lowercased().utf8.split(separator: UInt8(ascii: "_")).map { String(Substring($0)) }
        return !secretWords.isDisjoint(with: words) && harmlessWords.isDisjoint(with: words)
    }
}
