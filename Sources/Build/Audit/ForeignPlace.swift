// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import OCI

/// Directories that say themselves for which machine their files are: those of multiarch, of cross compilers, of
/// packages that bring a file for every platform (`prebuilds/linux-arm64`).
enum ForeignPlace {
    /// Whether a directory on the way to a file is named after the architecture that the file is for.
    static func names(_ architecture: String, in directories: [String]) -> Bool {
        directories.contains { directory in
            words(of: directory).contains { word in
                word == architecture || (try? Platform(word))?.architecture == architecture
            }
        }
    }

    /// Whether a directory holds files for newer machines, of which the loader takes those that fit.
    static func isForCapabilities(_ directories: [String]) -> Bool {
        directories.contains { $0 == "glibc-hwcaps" || $0 == "hwcaps" || $0 == "haswell" || $0 == "avx512_1" }
    }

    private static func words(of directory: String) -> [String] {
        // One architecture has the mark that separates the words of all others.
        let text = directory.lowercased().split(separator: "x86_64", omittingEmptySubsequences: false)
            .joined(separator: "amd64")
        return text.split { "-_.+".contains($0) }.map { $0 == "x64" ? "amd64" : String($0) }
    }
}
