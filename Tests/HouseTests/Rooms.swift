// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

/// The table of rooms in ARCHITECTURE.md: which other targets each target may know.
enum Rooms {
    static let mayImport: [String: Set<String>] = [
        "OCI": [],
        "Dockerfile": ["OCI"],
        "Audit": ["OCI"],
        "CYaml": [],
        "YAML": ["CYaml"],
        "CArchive": [],
        "CDeflate": [],
        "CZstd": [],
        "Layers": ["OCI", "CArchive", "CDeflate", "CZstd"],
        "Store": ["OCI", "Layers"],
        "HTTP": [],
        "Registry": ["OCI", "HTTP"],
        "Images": ["OCI", "Layers", "Store", "HTTP", "Registry"],
        "Remote": ["OCI", "HTTP"],
        "CSeccomp": [],
        "CSandbox": [],
        "Host": [],
        "Emulation": ["OCI", "Host", "CSandbox"],
        "Sandbox": ["OCI", "Emulation", "CSandbox", "CSeccomp"],
        "Diagnosis": ["OCI", "Host", "Audit", "Sandbox"],
        "Build": [
            "OCI", "Dockerfile", "Audit", "Layers", "Store", "HTTP", "Registry", "Images", "Remote", "Host",
            "Emulation",
            "Sandbox", "Diagnosis",
        ],
        "Doctor": [
            "OCI", "Host", "Store", "Registry", "Emulation", "CSandbox", "Sandbox", "Diagnosis", "Build",
        ],
        "Commands": [
            "OCI", "YAML", "Dockerfile", "Layers", "Store", "HTTP", "Registry", "Images", "Remote", "Emulation",
            "CSandbox", "Sandbox", "Host", "Diagnosis", "Build", "Doctor",
        ],
        "manifold": ["Commands", "CSandbox"],
        "sandbox-probe": ["OCI", "CSandbox", "Emulation", "Sandbox"],
        "TestSupport": [
            "OCI", "Dockerfile", "Layers", "Store", "Registry", "Remote", "Emulation", "CSandbox", "Sandbox", "Build",
        ],
    ]
}
