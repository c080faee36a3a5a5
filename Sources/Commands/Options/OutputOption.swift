// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import Build
import Glibc
import OCI

/// One `--output`: where a build's result goes, as `type=oci,dest=FILE`, and how it is written down.
struct OutputOption {
    enum Destination: Equatable {
        /// A directory for the files.
        case local(path: String, mode: LocalExporter.Mode)
        /// A tar file of the files; nil is standard output.
        case tar(path: String?)
        /// An OCI layout in a tar file, or in a directory; `asTar` is nil when the path decides.
        case oci(path: String?, asTar: Bool?)
        /// Docker's archive.
        case dockerArchive(path: String?)
        /// A daemon that runs here.
        case daemon
        /// The registry that the names say.
        case registry(RegistryExporter.Naming)
        /// Only the store.
        case store(StoreExporter.CanonicalNames)
        case cacheOnly
    }

    var destination: Destination
    /// The names of the result; empty for those of --tag.
    let names: [String]
    var form: ImageForm
    let splitsPlatforms: Bool?
    /// Whether the registry may speak plain HTTP or show any certificate.
    let allowsInsecureRegistry: Bool
    /// Whether Docker's media types were not asked for but are this type's default.
    private let isDockerByDefault: Bool
    /// What is said of attributes that do nothing.
    private(set) var remarks: [String] = []

    /// - Throws: ``CommandError`` that says what is wrong with the text.
    init(parsing text: String) throws {
        // A directory, or `-` for a tar file on standard output.
        guard text.contains("=") else {
            guard !text.isEmpty else { throw CommandError("--output: it is empty", remedy: "name a directory") }
            self.init(text == "-" ? .tar(path: nil) : .local(path: text, mode: .copy))
            return
        }
        try self.init(AttributeList(text, flag: "--output", example: "type=oci,dest=FILE"))
    }

    private init(_ attributes: AttributeList) throws {
        var attributes = attributes
        guard let word = attributes.take("type"), !word.isEmpty else {
            throw CommandError(
                "\(attributes.source): type is missing", remedy: "use one of \(OutputType.list), or a directory alone")
        }
        guard let type = OutputType(rawValue: word) else {
            let nearest = Spelling.nearest(to: word, among: OutputType.allCases.map(\.rawValue))
            throw CommandError(
                "\(attributes.source): there is no type \"\(word)\"",
                remedy: nearest.map { "did you mean type=\($0)?" } ?? "use one of \(OutputType.list)")
        }
        names = (attributes.take("name") ?? "").split(separator: ",").map(String.init)
        allowsInsecureRegistry = try type.isImage ? attributes.takeBoolean("registry.insecure") ?? false : false
        splitsPlatforms = try type.isFiles ? attributes.takeBoolean("platform-split") : nil
        destination = try type.destination(&attributes)
        var form = ImageForm()
        var isDockerByDefault = false
        if !type.isFiles && type != .cacheonly {
            let media = try attributes.takeBoolean("oci-mediatypes")
            isDockerByDefault = media == nil && type == .docker
            form = try ImageForm(&attributes, mediaTypes: media.map { $0 ? .oci : .docker } ?? type.mediaTypes)
        }
        self.form = form
        self.isDockerByDefault = isDockerByDefault
        remarks = try type.settle(&attributes)
        try checkMediaTypes(attributes.source)
    }

    /// An output that a short flag stands for.
    init(_ destination: Destination, mediaTypes: ImageForm.MediaTypes = .oci) {
        self.destination = destination
        names = []
        form = ImageForm()
        form.mediaTypes = mediaTypes
        splitsPlatforms = nil
        allowsInsecureRegistry = false
        isDockerByDefault = mediaTypes == .docker
    }

    /// Docker's media types know neither annotations nor zstd; where nobody asked for them, OCI's are used then.
    mutating func checkMediaTypes(_ source: String) throws {
        guard form.mediaTypes == .docker else { return }
        let reason =
            form.compression?.method == .zstd ? "compression=zstd" : form.annotations.isEmpty ? nil : "annotations"
        guard let reason else { return }
        if isDockerByDefault {
            form.mediaTypes = .oci
        } else if reason == "annotations" {
            form.mediaTypes = .oci
            remarks.append("\(source): annotations need OCI media types; oci-mediatypes=false has no effect")
        } else {
            throw CommandError(
                "\(source): Docker's media types have none for zstd", remedy: "leave out oci-mediatypes=false")
        }
    }

    /// Whether it writes to standard output.
    var isStandardOutput: Bool {
        switch destination {
        case .tar(path: nil), .oci(path: nil, _), .dockerArchive(path: nil): true
        default: false
        }
    }
}
