// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import Images
import OCI
import SystemPackage
import Testing

@Suite("Where an image is, as people write it")
struct PlaceTests {
    @Test(
        "each kind of place is understood",
        arguments: [
            ("alpine", ImagePlace.registry(try Reference("docker.io/library/alpine:latest"))),
            ("docker://alpine:3", .registry(try Reference("alpine:3"))),
            ("localhost:5000/a/b:1", .registry(try Reference("localhost:5000/a/b:1"))),
            ("oci:out", .layout("/w/out", .any)),
            ("oci:out:1.0", .layout("/w/out", .tag("1.0"))),
            ("oci-layout:///out:1.0", .layout("/out", .tag("1.0"))),
            ("oci-archive:a.tar:x", .layoutArchive("/w/a.tar", .tag("x"))),
            ("docker-archive:a.tar", .dockerArchive("/w/a.tar", nil)),
            ("docker-archive:a.tar:me/app:1", .dockerArchive("/w/a.tar", try Reference("me/app:1"))),
            ("store:me/app", .store(try Reference("me/app:latest"))),
        ])
    func kinds(text: String, place: ImagePlace) throws {
        #expect(try ImagePlace(text) { FilePath("/w").pushing(FilePath($0)) } == place)
    }

    @Test("others are refused with words on what there is", arguments: ["dir:/tmp/x", "oci:", "ftp://a/b"])
    func unknown(text: String) throws {
        let error = try #require(throws: ImagesError.self) { try ImagePlace(text) { FilePath($0) } }
        #expect(error.remedy?.contains("oci:DIR") == true, "\(error)")
    }
}
