// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import Build
import Dockerfile
import OCI

extension ScheduleOptions {
    /// Tells a build what these flags say.
    ///
    /// - Parameter optional: the platforms of `--optional-platform`.
    /// - Throws: ``CommandError``.
    func apply(to request: inout BuildRequest, optional: [Platform]) throws {
        if let jobs, jobs < 1 { throw CommandError("--jobs \(jobs): at least one step has to run") }
        request.parallelism = jobs
        request.memory = try memory.map { text in
            guard let size = ByteCount.parse(text), size > 0 else {
                throw CommandError("--memory \(text) is no size", remedy: "write it as --memory 4g")
            }
            return size
        }
        request.failurePolicy = FailurePolicy(finishesOthers: keepsGoing, optional: Set(optional))
    }
}
