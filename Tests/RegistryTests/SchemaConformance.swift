// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import FoundationEssentials
import OCI
import TestSupport
import Testing

/// Our documents against the schemas of the OCI image specification, and its table of documents against our decoders.
@Suite(
    "Conformance",
    .enabled(
        if: OCISchema.standard != nil,
        "the schemas are neither at $MANIFOLD_CONFORMANCE nor in ../shared/conformance beside the checkout"))
struct SchemaConformance {
    /// What the specification's own program refuses by rules that no schema holds.
    static let beyondSchemas = ["needs to be lower for sha256", "Env is invalid"]

    @Test("the checker accepts and rejects what the specification's own does") func checker() throws {
        let schema = try #require(OCISchema.standard)
        for (table, document) in try schema.cases() {
            guard let name = document["schema"].string else { continue }
            for row in document["cases"].array {
                let comment = row["comment"].string ?? ""
                guard !Self.beyondSchemas.contains(where: { comment.contains($0) }) else { continue }
                let text = Array((row["json"].string ?? "").utf8)
                let isValid: Bool
                if let value = try? JSONValue(parsing: text) {
                    isValid = try schema.problems(of: value, by: name).isEmpty
                } else {
                    isValid = false
                }
                #expect(isValid == (row["fail"] == false), "\(table): \(comment)")
            }
        }
    }

    /// Valid documents that are refused all the same, and invalid ones that are read; each on purpose.
    static let exceptions: [(words: String, why: String)] = [
        ("alternate digest", "only the registered algorithms can be computed"),
        ("modulo arithmetic", "as above"), ("bounds of algorithm", "as above"),
        ("does not match pattern", "media types are compared, not parsed"),
        ("artifactType does not", "as above"), ("invalid referenced manifest media type", "as above"),
        ("empty referenced manifest media type", "as above"), ("empty layer", "artifacts have none"),
        ("urls does not match format", "an address that is none is passed over when it would be used"),
        ("invalid data base64", "embedded content is not read"), ("Env is invalid", "Docker writes what it was given"),
    ]

    @Test("the decoders accept and reject what the schemas do, but for the exceptions that are listed") func decoders()
        throws
    {
        let schema = try #require(OCISchema.standard)
        let decode: [String: @Sendable (Data) throws -> Void] = [
            "config_test": { _ = try JSONDecoder().decode(ImageConfig.self, from: $0) },
            "descriptor_test": { _ = try JSONDecoder().decode(Descriptor.self, from: $0) },
            "imageindex_test": { _ = try JSONDecoder().decode(Index.self, from: $0) },
            "manifest_test": { _ = try JSONDecoder().decode(Manifest.self, from: $0) },
        ]
        var count = 0
        for (table, document) in try schema.cases() {
            guard let decode = decode[table] else { continue }
            for row in document["cases"].array {
                let comment = row["comment"].string ?? ""
                guard !Self.exceptions.contains(where: { comment.contains($0.words) }) else { continue }
                count += 1
                let isRead = (try? decode(Data((row["json"].string ?? "").utf8))) != nil
                #expect(isRead == (row["fail"] == false), "\(table): \(comment)")
            }
        }
        #expect(count > 30)
    }

    @Test("manifests, indexes and configs are written as the schemas want them") func encoders() throws {
        let schema = try #require(OCISchema.standard)
        func expectValid(_ value: some Encodable, _ name: String) throws {
            let problems = try schema.problems(of: JSONValue(parsing: JSON.encode(value)), by: name)
            #expect(problems.isEmpty, "\(problems)")
        }
        let digest = Digest.sha256(of: "x")
        let layers = [MediaType.ociLayer, .ociLayerGzip, .ociLayerZstd].map {
            Descriptor(mediaType: $0, digest: digest, size: 1 << 40, annotations: ["a": "b"])
        }
        let config = Descriptor(mediaType: .ociConfig, digest: digest, size: 0)
        var manifest = Manifest(config: config, layers: layers, annotations: ["org.example": ""])
        manifest.subject = config
        manifest.artifactType = "application/x.test+json"
        try expectValid(manifest, "image-manifest-schema.json")
        try expectValid(Manifest(config: config, layers: layers), "image-manifest-schema.json")

        let platforms = ["linux/amd64", "linux/arm/v6", "linux/arm64", "linux/amd64/v3", "linux/s390x"]
        let images = try platforms.map {
            try Descriptor(mediaType: .ociManifest, digest: digest, size: 7, platform: Platform($0))
        }
        var index = Index(manifests: images, annotations: ["a": "b"])
        try expectValid(index, "image-index-schema.json")
        index.subject = config
        index.artifactType = "application/x.test"
        try expectValid(index, "image-index-schema.json")
        try expectValid(Index(manifests: []), "image-index-schema.json")

        let minimal = #"{"architecture":"arm","variant":"v7","os":"linux","rootfs":{"type":"layers","diff_ids":[]}}"#
        let full = """
            {"created":"2015-10-31T22:22:56.015925234Z","author":"A","architecture":"amd64","os":"linux","os.version":"1",
            "os.features":["x"],"config":{"User":"1:2","ExposedPorts":{"80/tcp":{}},"Env":["PATH=/bin"],
            "Entrypoint":["/x"],"Cmd":[],"Volumes":{"/v":{}},"WorkingDir":"/","Labels":{"a":"b"},"StopSignal":"SIGTERM"},
            "rootfs":{"type":"layers","diff_ids":["\(digest)"]},
            "history":[{"created":"2015-10-31T22:22:54Z","created_by":"RUN x","empty_layer":true,"author":"B","comment":"c"}]}
            """
        for text in [minimal, full] {
            let config = try JSONDecoder().decode(ImageConfig.self, from: Data(text.utf8))
            try expectValid(config, "config-schema.json")
        }
    }
}
