// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import Audit
import OCI

extension ImageAudit {
    /// What helps against a file that is for another machine.
    func remedy(for kind: AuditFinding.Kind, at file: Found) -> String? {
        if kind == .newer {
            let limit = platform.architecture == "arm" ? "GOARM or -march" : "-march, GOAMD64 or --target-cpu"
            return "compile it for \(platform) (\(limit)), or build the image for the newer variant"
        }
        guard let instruction = image.layers[file.layer].origin.instruction,
            let word = instruction.split(separator: " ").first?.uppercased()
        else { return Self.general }
        switch word {
        case "COPY", "ADD":
            return instruction.contains("--from")
                ? "let the stage that it comes from compile for $TARGETARCH, or leave out its --platform"
                : "copy one that was built for the platform, as in COPY bin/$TARGETARCH/..., or compile it in a stage"
        case "RUN": return "install the one for $TARGETARCH in this step"
        default: return Self.general
        }
    }

    private static let general = "look for an image, or a version of it, that has the right one"

    /// What helps against a loader that is missing.
    func remedy(forLoader loader: String) -> String {
        if loader.contains("ld-musl") {
            return "it is linked with musl: link it statically, or use a base with musl, such as Alpine's"
        }
        if loader.contains("ld-linux") || loader.contains("/ld64.so") || loader.contains("/ld.so") {
            return "it is linked with glibc: link it statically, or use a base with glibc, such as Debian's"
        }
        return "link it statically, or copy the loader and the libraries into the image"
    }
}
