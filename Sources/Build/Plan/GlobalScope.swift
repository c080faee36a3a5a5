// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import Dockerfile
import OCI

/// What stands before the first FROM, for one target platform: the platform arguments and the global ARGs.
struct GlobalScope {
    /// Values that FROM lines see and that a stage gets by `ARG NAME`.
    private(set) var variables = Variables()
    let expander: Expander

    /// - Throws: ``DockerfileError``.
    init(_ dockerfile: Dockerfile, request: BuildRequest, build: Platform, target: Platform) throws {
        expander = dockerfile.expander
        let stageName = request.target?.lowercased() ?? "default"
        for (name, value) in PlatformArguments.values(build: build, target: target, stageName: stageName) {
            variables[name] = request.buildArguments[name] ?? value
        }
        for instruction in dockerfile.globalArguments {
            guard case .argument(let declarations) = instruction.kind else { continue }
            for declaration in declarations {
                let expanded: ArgumentDeclaration
                do { expanded = try declaration.expanded(with: variables, by: expander) } catch {
                    throw error.at(instruction.lines)
                }
                if let value = request.buildArguments[expanded.name] ?? expanded.defaultValue {
                    variables[expanded.name] = value
                }
            }
        }
    }
}
