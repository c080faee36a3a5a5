// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

package import Dockerfile

extension DockerfileText {
    /// The file with all that a request says of it.
    ///
    /// - Throws: ``BuildError``.
    package func review(_ request: BuildRequest) throws -> DockerfileReview {
        let dockerfile = try parse()
        do {
            return try DockerfileReview(dockerfile, request: request, ignore: ignorePatterns(), fileName: name)
        } catch let error as DockerfileError {
            throw BuildError.invalidDockerfile(error.rendered(fileName: name, source: dockerfile.lines))
        }
    }

    /// What there is to say of the file; what makes it no Dockerfile at all is part of that.
    ///
    /// - Throws: ``BuildError``.
    package func check(_ request: BuildRequest) throws -> LintReport {
        do {
            return try DockerfileReview(
                try Dockerfile(parsing: bytes), request: request, ignore: ignorePatterns(), fileName: name
            ).check()
        } catch let error as DockerfileError {
            return LintReport(fileName: name, source: lines, findings: [], error: error)
        }
    }
}
