// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import Glibc
import Layers
import Store
package import SystemPackage

/// Says of errors at an export's destination what the destination is.
package enum OutputFailure {
    /// Does `body`; a system's refusal becomes an error about `destination`.
    package static func explaining<Result>(_ destination: String, _ body: () throws -> Result) throws -> Result {
        do { return try body() } catch { throw explained(error, destination) }
    }

    /// Sees whether a directory can be written, or made, without making anything: it may lie in the build context.
    ///
    /// - Throws: ``ImagesError/output(_:remedy:)``.
    package static func check(folder: FilePath, for destination: String) throws {
        var place = folder
        while !Files.exists(place), place.removeLastComponent() {}
        guard Files.isDirectory(place) else {
            throw ImagesError.output(
                "cannot write \(destination): \(place) is not a directory", remedy: "name a place in a directory")
        }
        guard access(place.string, W_OK | X_OK) == 0 else {
            throw explained(Errno(rawValue: Glibc.errno), destination)
        }
    }

    package static func explained(_ error: any Error, _ destination: String) -> any Error {
        guard let errno = errno(of: error), let remedy = remedies[errno] else { return error }
        return ImagesError.output("cannot write \(destination): \(errno)", remedy: remedy)
    }

    private static func errno(of error: any Error) -> Errno? {
        switch error {
        case StoreError.file(_, _, let errno), LayersError.system(_, _, let errno): errno
        case let errno as Errno: errno
        default: nil
        }
    }

    private static let remedies: [Errno: String] = [
        .noSpace: "free some space there, or choose another place",
        .diskQuotaExceeded: "free some space there, or choose another place",
        .fileTooLarge: "choose a place where files may be larger",
        .permissionDenied: "choose a place that you may write to",
        .notPermitted: "choose a place that you may write to",
        .readOnlyFileSystem: "choose a place that you may write to",
        .notDirectory: "choose a place whose parent is a directory",
        .fileExists: "choose a place whose parent is a directory",
        .brokenPipe: "whoever reads the output has to read all of it",
    ]
}
