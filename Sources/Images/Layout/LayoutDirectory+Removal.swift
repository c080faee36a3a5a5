// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import FoundationEssentials
import Glibc
package import OCI
package import Store
import SystemPackage

extension LayoutDirectory {
    /// What nothing leads to is somebody's unfinished work until it is this old.
    private static let grace: Int = 86_400

    /// Removes blobs that only images led to which are not listed any more. Does nothing when there is something in the
    /// layout that cannot be understood, or when somebody else is writing to it.
    ///
    /// - Parameters:
    ///   - former: the images that were listed.
    ///   - lock: what ``hold()`` gave; not to be used any more.
    package func removeBlobs(of former: [Descriptor], holding lock: FileLock) {
        guard lock.change(to: .exclusive), let index = try? index(),
            index.list.entries.allSatisfy({ $0.digest != nil }), let needed = blobs(of: index.entries)
        else { return }
        let obsolete = former.reduce(into: Set<Digest>()) { $0.formUnion(blobs(of: [$1]) ?? []) }
        for algorithm in Digest.Algorithm.allCases {
            let folder = path.appending("blobs").appending(algorithm.rawValue)
            for name in (try? Files.names(in: folder)) ?? [] {
                guard let digest = try? Digest("\(algorithm.rawValue):\(name)"), !needed.contains(digest) else {
                    continue
                }
                let file = folder.appending(name)
                if obsolete.contains(digest) || Self.isOld(file) { unlink(file.string) }
            }
        }
    }

    /// Everything that images are made of; nil when not everything is understood.
    private func blobs(of images: [Descriptor]) -> Set<Digest>? {
        var found: Set<Digest> = []
        var read: Set<Digest> = []
        var open = images
        while let next = open.popLast() {
            found.insert(next.digest)
            guard read.insert(next.digest).inserted else { continue }
            guard next.mediaType.isIndex || next.mediaType.isManifest, let bytes = try? bytes(next),
                let outline = try? JSONDecoder().decode(Outline.self, from: Data(bytes))
            else { return nil }
            open += outline.manifests ?? []
            found.formUnion((outline.layers ?? []).map(\.digest))
            if let config = outline.config { found.insert(config.digest) }
            // What an artifact is about need not be there.
            if let subject = outline.subject, has(subject) { open.append(subject) }
        }
        return found
    }

    private struct Outline: Decodable {
        var manifests: [Descriptor]?
        var layers: [Descriptor]?
        var config: Descriptor?
        var subject: Descriptor?
    }

    private static func isOld(_ file: FilePath) -> Bool {
        var status = stat()
        return lstat(file.string, &status) == 0 && status.st_mtim.tv_sec < time(nil) - grace
    }
}
