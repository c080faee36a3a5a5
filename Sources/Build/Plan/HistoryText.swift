// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import Dockerfile
import OCI

/// The `created_by` texts of an image's history, in the forms that BuildKit writes and other tools read.
enum HistoryText {
    static let suffix = " # buildkit"

    static func run(_ arguments: [String], declared: [(name: String, value: String?)]) -> String {
        var text = "RUN "
        if !declared.isEmpty {
            let list = declared.map { "\($0.name)=\($0.value ?? "")" }.joined(separator: " ")
            text += "|\(declared.count) \(list) "
        }
        return text + arguments.joined(separator: " ") + suffix
    }

    static func transfer(_ keyword: String, _ transfer: Transfer, parents: Bool = false) -> String {
        var words = [keyword]
        if parents { words.append("--parents") }
        if let owner = transfer.chown { words.append("--chown=\(owner)") }
        if let mode = transfer.chmod { words.append("--chmod=\(mode)") }
        words += transfer.sources + transfer.inlineFiles.map { "<<\($0.name)" }
        words.append(transfer.destination)
        return words.joined(separator: " ") + suffix
    }

    static func pairs(_ keyword: String, _ pairs: [NameValue]) -> String {
        ([keyword] + pairs.map { "\($0.name)=\($0.value)" }).joined(separator: " ")
    }

    static func arguments(_ declarations: [ArgumentDeclaration]) -> String {
        (["ARG"] + declarations.map { $0.name + ($0.defaultValue.map { "=\($0)" } ?? "") }).joined(separator: " ")
    }

    static func list(_ keyword: String, _ words: [String]) -> String {
        "\(keyword) [\(words.joined(separator: " "))]"
    }

    /// A list whose words are quoted, as CMD and ENTRYPOINT show them.
    static func quotedList(_ keyword: String, _ words: [String]) -> String {
        list(keyword, words.map(GoQuoting.quoted))
    }

    static func healthcheck(_ check: ContainerConfig.Healthcheck) -> String {
        "HEALTHCHECK {Test:[\((check.test ?? []).joined(separator: " "))]"
            + " Interval:\(GoDuration.format(check.interval ?? 0)) Timeout:\(GoDuration.format(check.timeout ?? 0))"
            + " StartPeriod:\(GoDuration.format(check.startPeriod ?? 0))"
            + " StartInterval:\(GoDuration.format(check.startInterval ?? 0)) Retries:\(check.retries ?? 0)}"
    }
}
