// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import Doctor
import Glibc
import Subprocess
import SystemPackage

/// This program once more, in a user namespace.
struct InsideProcess: Sendable {
    let arguments: [String]
    var timeLimit = Duration.seconds(180)

    /// Runs it to its end.
    func run() async -> Examination.Inside {
        await withTaskGroup(of: Examination.Inside.self) { group in
            group.addTask { await answer() }
            group.addTask {
                // Cancelled when there is an answer.
                try? await Task.sleep(for: timeLimit)
                return .notEntered(
                    sentence: "the trials did not end within \(timeLimit.components.seconds) seconds", remedy: nil)
            }
            defer { group.cancelAll() }
            return await group.next() ?? .notEntered(sentence: "nothing was tried", remedy: nil)
        }
    }

    private func answer() async -> Examination.Inside {
        do {
            let result = try await Subprocess.run(
                .path("/proc/self/exe"), arguments: Arguments(arguments), output: .string(limit: 4 << 20),
                error: .string(limit: 64 << 10))
            if let findings = try? FindingList.decode(Array(result.standardOutput.utf8)) { return .findings(findings) }
            let lines = result.standardError.split(separator: "\n").map(String.init)
            let first = lines.first ?? "it ended with \(result.terminationStatus) and said nothing"
            let sentence = first.hasPrefix("manifold: ") ? String(first.dropFirst(10)) : first
            return .notEntered(sentence: sentence, remedy: lines.count > 1 ? lines[1] : nil)
        } catch {
            return .notEntered(sentence: "this program could not be started again: \(error)", remedy: nil)
        }
    }
}
