// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

/// Where two images differ; in a case's differences.json, that they may and must.
struct Difference: Codable, Sendable, CustomStringConvertible {
    /// The file, or `config`.
    var path: String
    /// What of it: `type`, `mode`, `owner`, …, or a key of the config. Of a file that only one image has: `type`.
    var field: String
    /// What manifold made; nil for nothing.
    var manifold: String?
    /// What buildah made.
    var buildah: String?
    /// Why that is so and wanted.
    var because: String?

    var description: String {
        "\(path) \(field): manifold has \(manifold ?? "none"), buildah has \(buildah ?? "none")"
    }

    /// Whether this excuses what was found.
    func allows(_ found: Difference) -> Bool {
        (path, field, manifold, buildah) == (found.path, found.field, found.manifold, found.buildah)
    }
}

extension Difference {
    /// What buildah leaves in many images, whatever the case is about.
    static func isOfBuildah(_ found: Difference) -> Bool {
        // Mount points of its chroot; BuildKit removes those that were not there, and so does manifold.
        ["/etc/hosts", "/etc/hostname", "/etc/resolv.conf"].contains(found.path) && found.field == "type"
            && found.manifold == nil && found.buildah == "file"
    }
}

extension FlatImage {
    /// Everything in which two images differ.
    static func differences(manifold: FlatImage, buildah: FlatImage) -> [Difference] {
        var found: [Difference] = []
        for path in Set(manifold.files.keys).union(buildah.files.keys).sorted() {
            let ours = manifold.files[path] ?? [:]
            let theirs = buildah.files[path] ?? [:]
            // Of what is of two kinds or missing, nothing else is worth saying.
            guard ours["type"] == theirs["type"] else {
                found.append(Difference(path: path, field: "type", manifold: ours["type"], buildah: theirs["type"]))
                continue
            }
            found += differences("\(path)", ours, theirs)
        }
        return found + differences("config", manifold.config, buildah.config)
    }

    private static func differences(
        _ path: String, _ ours: [String: String], _ theirs: [String: String]
    ) -> [Difference] {
        Set(ours.keys).union(theirs.keys).sorted().filter { ours[$0] != theirs[$0] }.map {
            Difference(path: path, field: $0, manifold: ours[$0], buildah: theirs[$0])
        }
    }
}
