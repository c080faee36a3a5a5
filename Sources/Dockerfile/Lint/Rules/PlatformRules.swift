// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import OCI

extension LintRule {
    static let invalidBaseImagePlatform = LintRule(
        "InvalidBaseImagePlatform", "Base image platform does not match expected target platform"
    ) { scan in
        scan.countedStages.flatMap { stage -> [Diagnostic] in
            let images = scan.context.baseImages[stage.stage.index] ?? []
            let wrong = images.first {
                $0.expected.os != $0.actual.os || $0.expected.architecture != $0.actual.architecture
            }
            guard let wrong else { return [] }
            return [
                Diagnostic(
                    rule: "InvalidBaseImagePlatform",
                    message:
                        "Base image \(stage.base) was pulled with platform \"\(wrong.actual)\", "
                        + "expected \"\(wrong.expected)\" for current build",
                    lines: stage.stage.lines)
            ]
        }
    }

    static let redundantTargetPlatform = LintRule(
        "RedundantTargetPlatform",
        "Setting platform to predefined $TARGETPLATFORM in FROM is redundant as this is the default behavior"
    ) { scan in
        scan.stages.compactMap { stage in
            guard let written = stage.stage.platform, stage.platformUsage.met == ["TARGETPLATFORM"],
                ["$TARGETPLATFORM", "${TARGETPLATFORM}"].contains(written)
            else { return nil }
            return Diagnostic(
                rule: "RedundantTargetPlatform",
                message:
                    "Setting platform to predefined \(written) in FROM is redundant as this is the default behavior",
                lines: stage.stage.lines)
        }
    }

    static let fromPlatformFlagConstDisallowed = LintRule(
        "FromPlatformFlagConstDisallowed", "FROM --platform flag should not use a constant value"
    ) { scan in
        scan.stages.compactMap { stage in
            guard let written = stage.stage.platform, let text = stage.platform,
                stage.platformUsage.met.isEmpty, stage.platformUsage.unmet.isEmpty,
                let platform = try? Platform(text)
            else { return nil }
            // A stage that is named for its platform is meant to have it.
            let name = stage.stage.name ?? ""
            guard !name.contains(platform.os), !name.contains(platform.architecture) else { return nil }
            return Diagnostic(
                rule: "FromPlatformFlagConstDisallowed",
                message: "FROM --platform flag should not use constant value \(GoQuoting.quoted(written))",
                lines: stage.stage.lines)
        }
    }
}
