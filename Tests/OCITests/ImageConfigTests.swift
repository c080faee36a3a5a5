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

    @Test("lists with attestations, artifacts and empty platforms are read; those the specification refuses are not")
    func oddLists() throws {
        func index(_ entry: String) throws -> Index {
            let text = """
                {"schemaVersion":2,"manifests":[{"mediaType":"\(MediaType.ociManifest)",\
                "digest":"\(ReferenceTests.digest)","size":7,"platform":{"os":"linux","architecture":"arm64"}},\
                {"mediaType":"\(MediaType.ociManifest)","digest":"\(ReferenceTests.digest)",\(entry)}]}
                """
            return try JSONDecoder().decode(Index.self, from: Data(text.utf8))
        }
        for entry in [
            #""size":7,"platform":{"os":"unknown","architecture":"unknown"}"#, #""size":7"#,
            #""size":7,"platform":null"#, #""size":0,"platform":{"os":"","architecture":""}"#,
        ] {
            let index = try index(entry)
            #expect(index.manifests.count == 2)
            #expect(index.manifest(for: Platform(os: "linux", architecture: "arm64"))?.size == 7)
        }
        for entry in [#""size":-1"#, #""size":7,"platform":{"os":"linux"}"#, #""size":7,"platform":{}"#] {
            #expect(throws: DecodingError.self) { try index(entry) }
        }
    }

    @Test("Docker's media types map to their OCI twins")
    func mediaTypes() {
        #expect(MediaType.dockerLayerGzip.oci == .ociLayerGzip)
        #expect(MediaType.dockerManifestList.oci == .ociIndex)
        #expect(MediaType.ociLayerZstd.oci == .ociLayerZstd)
        #expect(MediaType.dockerManifestList.isIndex && MediaType.ociManifest.isManifest)
    }
}
