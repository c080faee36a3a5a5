// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import Build
import SystemPackage

extension SourceEpoch {
    /// The time that stands for now: what the user says, by --build-arg before the environment; an empty value says none.
    ///
    /// - Throws: ``CommandError`` when it is not a number of seconds.
    static func chosen(argument: String?, variable: String?, context: FilePath) async throws -> SourceEpoch? {
        if let text = argument ?? variable {
            if text.isEmpty { return nil }
            guard let seconds = Int64(text), seconds >= 0, seconds < 253_402_300_800 else {
                throw CommandError(
                    "SOURCE_DATE_EPOCH=\(text) is not a time",
                    remedy: "give the seconds since 1970, as date +%s prints them")
            }
            return SourceEpoch(seconds: seconds, origin: .explicit)
        }
        return await GitCheckout.commitTime(of: context).map { SourceEpoch(seconds: $0, origin: .commit) }
    }
}
