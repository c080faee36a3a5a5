// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import FoundationEssentials
import TestSupport
import Testing

extension Program {
    /// Small Dockerfiles, one for each point of what Dockerfiles mean, built by manifold and by Debian's buildah; see
    /// Tests/Differential/README.md.
    @Suite(
        "Beside buildah", .requiresProgram("buildah", "umoci"),
        .requiresRoot("files of every owner are unpacked"), .differentialRun)
    struct DifferentialTests {
        @Test("the image is the same but for what the case excuses", arguments: DifferentialCase.all)
        func same(test: DifferentialCase) throws {
            let outcomes = try DifferentialRun.outcomes(of: test)
            switch (outcomes.manifold, outcomes.buildah) {
            case (.built(let manifold), .built(let buildah)):
                #expect(test.settings.refusal == nil, "both built what case.json says is refused")
                let found = FlatImage.differences(manifold: manifold, buildah: buildah)
                check(test, found.filter { !Difference.isOfBuildah($0) })
            default:
                let refusal = test.settings.refusal
                check("manifold", outcomes.manifold, refusal?.manifold)
                check("buildah", outcomes.buildah, refusal?.buildah)
                if let refusal, refusal.manifold == nil || refusal.buildah == nil {
                    #expect(refusal.because != nil, "case.json does not say why only one of the two refuses")
                }
            }
        }

        private func check(_ test: DifferentialCase, _ found: [Difference]) {
            for difference in found {
                #expect(
                    test.differences.contains { $0.allows(difference) }, "\(difference); nothing excuses that")
            }
            for excuse in test.differences {
                #expect(found.contains { excuse.allows($0) }, "\(excuse): so says differences.json, but it is not so")
                #expect(excuse.because?.isEmpty == false, "\(excuse): differences.json does not say why")
            }
        }

        private func check(_ program: String, _ outcome: FlatImage.Outcome, _ words: String?) {
            switch (outcome, words) {
            case (.refused(let message), let words?):
                #expect(message.contains(words), "\(program) refuses, but with other words: \(message)")
            case (.refused(let message), nil): Issue.record("\(program) refuses: \(message)")
            case (.built, let words?): Issue.record("\(program) built what it should refuse: \(words)")
            case (.built, nil): break
            }
        }

        @Test("there are enough cases, each with a number and a name of its own")
        func enough() {
            let names = DifferentialCase.all.map(\.name)
            #expect(Set(names.map { $0.prefix(3) }).count == names.count)
            if ProcessInfo.processInfo.environment["DIFFERENTIAL"] == nil { #expect(names.count >= 120) }
        }
    }
}
