// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

public import SystemPackage

/// A certificate authority made for a test, and a server's certificate signed by it.
public struct TestCertificate: Sendable {
    /// The directory of the three files.
    public let directory: FilePath
    /// The authority's certificate (PEM): what a client has to trust.
    public var authority: FilePath { directory.appending("ca.pem") }
    /// The server's certificate (PEM).
    public var certificate: FilePath { directory.appending("server.pem") }
    /// The server's private key (PEM).
    public var key: FilePath { directory.appending("server.key") }

    /// Makes a certificate with the openssl program, for the subject alternative names that are given.
    ///
    /// A client that connects to an address that is among them is content whatever name it was asked for.
    ///
    /// - Throws: ``ChildProcessError``, ``Failure``.
    public static func make(for names: [String] = ["IP:127.0.0.1", "DNS:localhost"]) async throws -> TestCertificate {
        let certificate = TestCertificate(directory: try TestDirectory.make())
        let newKey = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
        let commands: [[String]] = [
            ["req", "-x509", "-subj", "/CN=manifold test authority", "-days", "2"] + newKey
                + ["-keyout", "ca.key", "-out", "ca.pem"],
            ["req", "-subj", "/CN=localhost", "-addext", "subjectAltName=\(names.joined(separator: ","))"] + newKey
                + ["-keyout", "server.key", "-out", "server.csr"],
            [
                "x509", "-req", "-in", "server.csr", "-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial",
                "-copy_extensions", "copy", "-days", "2", "-out", "server.pem",
            ],
        ]
        for arguments in commands {
            let result = try await ChildProcess.run("openssl", arguments, workingDirectory: certificate.directory)
            guard result.succeeded else { throw Failure(description: "\(result)") }
        }
        return certificate
    }

    /// Makes a certificate of a client by the same authority: `client.cert` and `client.key` in a folder.
    ///
    /// - Throws: ``ChildProcessError``, ``Failure``.
    public func makeClient(in folder: FilePath) async throws {
        let commands = [
            [
                "req", "-subj", "/CN=client", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
                "-keyout", "\(folder)/client.key", "-out", "client.csr",
            ],
            [
                "x509", "-req", "-in", "client.csr", "-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial", "-days",
                "2", "-out", "\(folder)/client.cert",
            ],
        ]
        for arguments in commands {
            let result = try await ChildProcess.run("openssl", arguments, workingDirectory: directory)
            guard result.succeeded else { throw Failure(description: "\(result)") }
        }
    }

    /// Removes the files.
    public func remove() { TestDirectory.remove(directory) }

    /// The openssl program refused.
    public struct Failure: Error, CustomStringConvertible {
        public let description: String
    }
}
