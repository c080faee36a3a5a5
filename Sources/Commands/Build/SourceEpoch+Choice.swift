// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import Build

extension SourceEpoch {
    /// The time that stands for now: what the user says; an empty value says none.
    ///
    /// - Throws: ``CommandError`` when it is not a number of seconds.
    static func chosen(_ text: String?, context: LoadedContext) async throws -> SourceEpoch? {
        guard let text else {
            return await GitCheckout.commitTime(of: context).map { SourceEpoch(seconds: $0, origin: .commit) }
        }
        if text.isEmpty { return nil }
        if text == "context" {
            guard let seconds = await GitCheckout.commitTime(of: context) else {
                throw CommandError(
                    "SOURCE_DATE_EPOCH=context: \(context.directory.name) is neither a clean git checkout nor a repository's address"
                )
            }
            return SourceEpoch(seconds: seconds, origin: .explicit)
        }
        guard let epoch = SourceEpoch(text) else {
            throw CommandError(
                "SOURCE_DATE_EPOCH=\(text) is not a time",
                remedy: "give the seconds since 1970, as date +%s prints them, or \"context\" for the commit's time")
        }
        return epoch
    }
}
