// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import FoundationEssentials
import Glibc
package import NIOSSL
package import SystemPackage

/// What is special in the certificates of one host.
package struct HostTrust: Sendable {
    /// Authorities that are trusted besides those that all hosts may have.
    package var authorities: [NIOSSLCertificate] = []
    /// The certificate to show to it, with those that vouch for it.
    package var chain: [NIOSSLCertificate] = []
    /// The key of the certificate to show.
    package var key: NIOSSLPrivateKey?
    /// Whether anybody must vouch for its certificate.
    package var isVerified = true

    package init() {}
}

/// The authorities whose certificates are believed.
package enum TrustRoots {
    /// Where distributions have their bundles, besides those where the TLS library looks: Fedora since 43, SUSE, Alpine.
    private static let bundles = [
        "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem", "/etc/ssl/ca-bundle.pem",
        "/var/lib/ca-certificates/ca-bundle.pem", "/etc/ssl/cert.pem",
    ]
    private static let placesOfLibrary = ["/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt"]

    /// The TLS settings for hosts of which nothing special is known.
    ///
    /// - Throws: A ``NetworkFailure`` of kind ``NetworkFailure/Kind/certificates``.
    static func settings(_ configuration: HTTPConfiguration) throws(NetworkFailure) -> TLSConfiguration {
        var tls = TLSConfiguration.makeClientConfiguration()
        let isHere: (String) -> Bool = { access($0, R_OK) == 0 }
        if let file = configuration.certificateFile {
            tls.trustRoots = .certificates(try certificates(in: file))
        } else if !placesOfLibrary.contains(where: isHere) {
            tls.trustRoots = bundles.first(where: isHere).map { .file($0) } ?? .certificates([])
        }
        for file in configuration.additionalTrustRoots {
            tls.additionalTrustRoots.append(.certificates(try certificates(in: file)))
        }
        // A folder may be missing, and other files may lie in it; what c_rehash(1) makes are second names.
        var found: Set<NIOSSLCertificate> = []
        for folder in configuration.certificateFolders {
            for file in (try? FileManager.default.contentsOfDirectory(atPath: folder.string)) ?? [] {
                found.formUnion((try? certificates(in: folder.appending(file))) ?? [])
            }
        }
        if !found.isEmpty { tls.additionalTrustRoots.append(.certificates(Array(found))) }
        return tls
    }

    /// The certificates of a PEM file; at least one.
    ///
    /// - Throws: A ``NetworkFailure`` of kind ``NetworkFailure/Kind/certificates``.
    package static func certificates(in file: FilePath) throws(NetworkFailure) -> [NIOSSLCertificate] {
        let certificates = try? NIOSSLCertificate.fromPEMBytes(SmallFile.read(file))
        guard let certificates, !certificates.isEmpty else {
            throw NetworkFailure(.certificates, detail: "no PEM certificates can be read from \(file)")
        }
        return certificates
    }
}

extension TLSConfiguration {
    /// These settings with what is special in one host.
    func with(_ trust: HostTrust) -> TLSConfiguration {
        var tls = self
        if !trust.authorities.isEmpty { tls.additionalTrustRoots.append(.certificates(trust.authorities)) }
        if let key = trust.key {
            tls.certificateChain = trust.chain.map { .certificate($0) }
            tls.privateKey = .privateKey(key)
        }
        if !trust.isVerified { tls.certificateVerification = .none }
        return tls
    }
}
