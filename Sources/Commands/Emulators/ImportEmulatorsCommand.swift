// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import ArgumentParser
import Emulation
import Images
import Layers
import OCI
import Store
import SystemPackage

/// `manifold emulators import`
struct ImportEmulatorsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "import",
        abstract: "Take QEMU's user emulators out of a file, a directory or an image; no root needed.",
        discussion: """
            The source is a static qemu-ARCH or qemu-ARCH-static itself, a tar archive that has some (as in \
            x86_64_qemu-aarch64-static.tar.gz), a Debian package (apt download qemu-user-static), a directory, or an image \
            such as that of an installer of handlers: NAME or docker://NAME (in a registry), oci:DIR[:TAG], \
            oci-archive:FILE[:TAG], docker-archive:FILE[:NAME] or store:NAME. Nothing in it is run; what needs \
            libraries or is for another machine is left out.

            They are kept in the store under their SHA-256, any number of versions side by side, and are checked \
            against it before they are used. A build uses one where nothing else emulates the platform, or when \
            --qemu-version asks for its version or name.

            Examples:
              manifold emulators import qemu-aarch64-static.tar.gz
              manifold emulators import --name new docker.example/binfmt:qemu-v10
              manifold build --qemu-version linux/arm64=10 --platform linux/arm64 .
            """)

    @Argument(help: ArgumentHelp("Where the emulators are.", valueName: "file|directory|image")) var source: String

    @Option(
        name: .customLong("name"),
        help: ArgumentHelp("A name by which --qemu-version finds them, besides their version.", valueName: "name"))
    var name: String?

    @OptionGroup(title: "Registry options") var registry: RegistryOptions
    @OptionGroup(title: "Store options") var store: StoreOptions

    func validate() throws {
        if source.isEmpty { throw ValidationError("the file, directory or image is missing") }
        guard let name else { return }
        let isGood =
            !name.isEmpty && name.utf8.count <= 100 && name.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7f && $0 != 0x3d }
        guard isGood else { throw ValidationError("--name: \"\(name)\" is no name of letters, digits and signs but =") }
    }

    func run() async throws {
        try await CommandOutput.reporting {
            let environment = Environment.current()
            let store = try Store(at: store.path(in: environment))
            let report = try await read(EmulatorImport(store, name: name), store, environment)
            for imported in report.taken {
                let known = imported.known
                try CommandOutput.result(
                    "\(known.emulator.target.platform): qemu-\(known.emulator.target.target) \(known.version?.text ?? "") "
                        + "sha256:\(known.emulator.digest?.encoded ?? "")"
                        + (imported.isNew ? "" : " (was there already)"))
            }
            for (file, why) in report.refused { CommandOutput.note("\(file) \(why)") }
            if report.taken.isEmpty {
                throw CommandError(
                    "there is no emulator in \(source) that can be used here",
                    remedy: "it has to be a static program for this machine, whose name has \"qemu-\" in it")
            }
        }
    }

    private func read(
        _ importer: EmulatorImport, _ store: Store, _ environment: Environment
    ) async throws -> EmulatorImport.Report {
        let path = environment.absolute(source)
        var place: ImagePlace?
        if Files.isDirectory(path) {
            guard Files.exists(path.appending("oci-layout")) else { return try importer.fromDirectory(path) }
            place = .layout(path, .any)
        } else if Files.exists(path) {
            guard let kind = try Self.image(in: path) else { return try importer.fromFile(path) }
            place = kind
        }
        if place == nil, source.hasPrefix("/") || source.hasPrefix("./") || source.hasPrefix("../") {
            throw CommandError("\(source) is not there")
        }
        let image = try place ?? ImagePlace(source, absolute: environment.absolute)
        return try await image.reading(registry, store, in: environment) { reader in
            try await importer.fromImage(reader)
        }
    }

    /// What image is in a file; nil when it is none.
    private static func image(in path: FilePath) throws -> ImagePlace? {
        guard let file = try? FileDescriptor.open(path, .readOnly, options: [.closeOnExec]) else { return nil }
        guard let archive = try ArchiveFile(file) else {
            try? file.close()
            return nil
        }
        func has(_ name: String) -> Bool { (try? TreePath(name)).flatMap { archive.index.lookup($0) } != nil }
        if has("oci-layout") { return .layoutArchive(path, .any) }
        return has("manifest.json") ? .dockerArchive(path, nil) : nil
    }
}
