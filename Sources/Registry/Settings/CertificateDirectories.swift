// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import FoundationEssentials
import HTTP
import NIOSSL
import SystemPackage

/// The `certs.d` directories of Docker and of containers' tools: for each registry a folder of its name.
///
/// In a registry's folder, `*.crt` are authorities to trust besides the system's; `NAME.cert` and `NAME.key` are what this
/// side shows of itself (containers-certs.d(5)).
struct CertificateDirectories: Sendable {
    /// The folders that hold registries' folders, the first looked at first.
    var roots: [FilePath]

    /// Reads what there is for a registry under any of some names: all authorities, and the first client certificate.
    ///
    func read(_ names: [String]) throws(NetworkFailure) -> HostTrust {
        var found = HostTrust()
        for root in roots {
            for name in names where !name.contains("/") && name != ".." {
                try read(root.appending(name), into: &found)
            }
        }
        return found
    }

    private func read(_ folder: FilePath, into found: inout HostTrust) throws(NetworkFailure) {
        // A folder that is not there, or that is not for this user's eyes, says nothing.
        guard let files = try? FileManager.default.contentsOfDirectory(atPath: folder.string).sorted() else { return }
        for file in files {
            let path = folder.appending(file)
            switch path.extension {
            case "crt":
                found.authorities += try TrustRoots.certificates(in: path)
            case "cert":
                let key = folder.appending((path.stem ?? "") + ".key")
                guard files.contains(key.lastComponent?.string ?? "") else {
                    throw NetworkFailure(
                        .certificates,
                        detail: "\(path) has no key beside it; it should be \(key) "
                            + "(certificates of authorities have names that end in .crt)")
                }
                guard found.key == nil else { continue }
                found.chain = try TrustRoots.certificates(in: path)
                do {
                    found.key = try NIOSSLPrivateKey(bytes: SmallFile.read(key), format: .pem)
                } catch {
                    throw NetworkFailure(.certificates, detail: "no PEM key can be read from \(key)")
                }
            default: continue
            }
        }
    }
}
