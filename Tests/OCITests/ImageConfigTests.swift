// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import FoundationEssentials
import OCI
import Testing

@Suite("ImageConfig and Manifest")
struct ImageConfigTests {
    @Test("a config as registries hold it is read and written without loss of what manifold knows")
    func roundTrip() throws {
        let text = """
            {"architecture":"arm","config":{"Cmd":["sh"],"Env":["PATH=/bin"],"ExposedPorts":{"80/tcp":{}},\
            "Healthcheck":{"Interval":30000000000,"Test":["CMD","true"]},"Labels":{"a":"b"}},\
            "created":"2024-01-01T00:00:00Z","history":[{"created_by":"x","empty_layer":true}],"os":"linux",\
            "rootfs":{"diff_ids":["\(ReferenceTests.digest)"],"type":"layers"},"variant":"v7"}
            """
        let config = try JSONDecoder().decode(ImageConfig.self, from: Data(text.utf8))
        #expect(config.platform == Platform(os: "linux", architecture: "arm", variant: "v7"))
        #expect(config.rootfs.diffIDs.count == 1)
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        #expect(String(decoding: try encoder.encode(config), as: UTF8.self) == text)
    }

    @Test("null collections, as Go writes them, are read")
    func nulls() throws {
        let text =
            #"{"architecture":"amd64","os":"linux","config":{"Cmd":null,"Env":null},"rootfs":{"type":"layers","diff_ids":null}}"#
        let config = try JSONDecoder().decode(ImageConfig.self, from: Data(text.utf8))
        #expect(config.rootfs.diffIDs.isEmpty)
        #expect(config.config?.cmd == nil)
    }

    @Test("Docker's media types map to their OCI twins")
    func mediaTypes() {
        #expect(MediaType.dockerLayerGzip.oci == .ociLayerGzip)
        #expect(MediaType.dockerManifestList.oci == .ociIndex)
        #expect(MediaType.ociLayerZstd.oci == .ociLayerZstd)
        #expect(MediaType.dockerManifestList.isIndex && MediaType.ociManifest.isManifest)
    }
}
