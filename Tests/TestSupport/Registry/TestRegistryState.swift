// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

/// What a ``TestRegistry`` holds.
struct TestRegistryState: Sendable {
    struct Repository: Sendable {
        var manifests: [String: (type: String, bytes: [UInt8])] = [:]
        var blobs: Set<String> = []
    }

    /// A blob on its way.
    struct Upload: Sendable {
        var repository: String
        var bytes: [UInt8] = []
    }

    let base: String
    let authentication: TestRegistry.Authentication
    var repositories: [String: Repository] = [:]
    var blobs: [String: [UInt8]] = [:]
    var uploads: [String: Upload] = [:]
    var missing: Set<TestRegistry.Ability> = []
    var nextUpload = 1
    /// What tokens allow, as "repository:action".
    var tokens: [String: Set<String>] = [:]
    var nextToken = 1

    init(base: String, authentication: TestRegistry.Authentication) {
        self.base = base
        self.authentication = authentication
    }

    mutating func put(blob: [UInt8], digest: String, in repository: String) {
        blobs[digest] = blob
        repositories[repository, default: Repository()].blobs.insert(digest)
    }

    mutating func put(manifest: [UInt8], type: String, in repository: String, names: [String]) {
        for name in names { repositories[repository, default: Repository()].manifests[name] = (type, manifest) }
    }
}
