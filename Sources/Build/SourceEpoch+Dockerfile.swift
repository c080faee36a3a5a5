// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

package import Dockerfile
package import OCI

extension SourceEpoch {
    /// The epoch of a build whose Dockerfile may have one of its own: `ARG SOURCE_DATE_EPOCH=…` before the first FROM.
    ///
    /// What the command line or the environment says goes first; an empty value says that there is none. `context` is
    /// the time of the commit that the build context is a clean checkout of.
    ///
    /// - Throws: ``DockerfileError``.
    package static func chosen(_ request: BuildRequest, _ dockerfile: Dockerfile, host: Platform) throws -> SourceEpoch?
    {
        guard request.buildArguments[name] == nil, request.epoch?.origin != .explicit,
            let instruction = dockerfile.globalArguments.last(where: { $0.declaredArguments.contains(name) })
        else { return request.epoch }
        let target = request.platforms.first ?? host
        let scope = try GlobalScope(dockerfile, request: request, build: host, target: target)
        guard let text = scope.variables[name] else { return request.epoch }
        if text.isEmpty { return nil }
        if text == "context" {
            guard let commit = request.epoch else {
                throw instruction.error(
                    "ARG \(name)=context: the build context is not a clean git checkout", culprit: text)
            }
            return SourceEpoch(seconds: commit.seconds, origin: .explicit)
        }
        guard let epoch = SourceEpoch(text) else {
            throw instruction.error(
                "ARG \(name)=\(text) is no number of seconds since 1970; of the names that may stand there, only "
                    + "\"context\" is known", culprit: text)
        }
        return epoch
    }

    /// A time as `date +%s` prints it; nil for anything else, and for what is later than the year 9999.
    package init?(_ text: String) {
        guard let seconds = Int64(text), seconds >= 0, seconds < 253_402_300_800 else { return nil }
        self.init(seconds: seconds, origin: .explicit)
    }

    private static let name = "SOURCE_DATE_EPOCH"
}
