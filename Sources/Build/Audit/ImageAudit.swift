// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import Audit
import Dockerfile
import Layers
import OCI

/// Looks at everything in an image that a machine could be asked to run, as the image shows it: what a later layer
/// removes or replaces does not count.
package struct ImageAudit {
    let image: AuditedImage
    let policy: AuditPolicy
    /// The layers that somebody looked at, merged.
    let tree: LayerStack
    /// Of each layer of the tree, its place in the image.
    let places: [Int]
    var findings: [AuditFinding] = []
    /// The files that the image's own program consists of.
    var programFiles: Set<TreePath> = []
    var fileCount = 0
    /// How the loaders of the image's programs pass floating-point numbers.
    private var floatABIs: Set<String> = []
    /// Whether libraries of the distribution that are marked for newer machines are but few.
    private var choosesAtRunTime = false

    /// A file as the image shows it, following links.
    struct Found {
        let path: TreePath
        let entry: TreeEntry
        /// The place of its layer in the image.
        let layer: Int
        /// What it is, when a machine could be asked to run it.
        let facts: FileFacts?
    }

    package init(_ image: AuditedImage, policy: AuditPolicy) {
        self.image = image
        self.policy = policy
        places = image.layers.indices.filter { image.layers[$0].content != nil }
        tree = LayerStack(places.compactMap { image.layers[$0].content?.index })
    }

    var platform: Platform { image.platform }
    /// Whether something may be in a layer that nobody looked at.
    var isIncomplete: Bool { places.count < image.layers.count }

    /// Looks at everything.
    package mutating func run() -> PlatformAudit {
        auditProgram()
        let files = visibleFiles()
        fileCount = files.count
        choosesAtRunTime = hasFewNewerLibraries(files)
        for file in files where !programFiles.contains(file.path) {
            switch file.facts {
            case .elf(let facts): audit(facts, at: file)
            case .script(let script): audit(script, at: file)
            case nil: break
            }
        }
        auditFloatABIs(of: files)
        let unread = image.layers.filter { $0.content == nil }.map(\.origin.diffID)
        return PlatformAudit(
            platform: platform, fileCount: fileCount,
            findings: findings.filter { $0.severity == .error } + findings.filter { $0.severity != .error },
            unreadLayers: unread)
    }

    /// All files of which something is known, where the merged view has them.
    private func visibleFiles() -> [Found] {
        var files: [Found] = []
        for (number, place) in places.enumerated() {
            guard let content = image.layers[place].content, !content.facts.files.isEmpty else { continue }
            for entry in content.index {
                guard let digest = entry.digest, let facts = content.facts.files[digest],
                    tree.find(entry.path)?.layer == number
                else { continue }
                files.append(Found(path: entry.path, entry: entry, layer: place, facts: facts))
            }
        }
        return files
    }

    /// What a path leads to as a process sees it; nil when there is no file.
    func file(_ path: String) -> Found? {
        guard let path = try? TreePath(Paths.clean("/" + path)), let resolved = try? tree.resolve(path),
            let found = resolved.found, found.entry.hasContent, let number = found.layer,
            places.indices.contains(number)
        else { return nil }
        let content = image.layers[places[number]].content
        let facts = found.entry.digest.flatMap { content?.facts.files[$0] }
        return Found(path: found.entry.path, entry: found.entry, layer: places[number], facts: facts)
    }

    /// The build attributes of ARM tell the most that any part of a library needs, and some have parts that they run only
    /// where the machine has what these need (Debian's libgcrypt, libatomic). Where all others of the distribution fit,
    /// such few do too; a distribution for newer machines has nothing else.
    private func hasFewNewerLibraries(_ files: [Found]) -> Bool {
        guard platform.architecture == "arm" else { return false }
        var (all, newer) = (0, 0)
        for file in files {
            guard case .elf(let facts) = file.facts, isSystemLibrary(facts, at: file) else { continue }
            all += 1
            if case .needsNewer = PlatformFit(of: facts, on: platform) { newer += 1 }
        }
        return newer * 10 <= all
    }

    /// Whether a file is a library where a distribution has them.
    private func isSystemLibrary(_ facts: ELFFacts, at file: Found) -> Bool {
        let parts = file.path.components
        let directory =
            parts.first.map { $0.elementsEqual(Array("usr".utf8)) } == true ? parts.dropFirst().first : parts.first
        return facts.kind == .shared && !facts.hasInterpreter && directory?.starts(with: Array("lib".utf8)) == true
    }

    /// Adds a finding, unless it is allowed.
    mutating func add(
        _ kind: AuditFinding.Kind, _ sentence: String, at file: Found?, path: String? = nil, role: String? = nil,
        stopsProgram: Bool = false, remedy: String? = nil
    ) {
        let path = path ?? file.map { "/\($0.path)" }
        if let path, isAllowed(path) { return }
        var finding = AuditFinding(
            kind: kind, path: path, role: role, stopsProgram: stopsProgram, sentence: sentence, remedy: remedy,
            layer: file.map { image.layers[$0.layer].origin })
        finding.severity = policy.severity(of: finding)
        // A layer that nobody has looked at may have replaced the file.
        if let layer = file?.layer, policy.level == .program,
            image.layers[layer...].contains(where: { $0.content == nil })
        {
            finding.severity = .warning
        }
        findings.append(finding)
    }

    /// Whether somebody said that a file may be as it is; where /bin is a link to /usr/bin, by either name.
    private func isAllowed(_ path: String) -> Bool {
        guard let allowed = policy.allowed else { return false }
        return allowed.matches(String(path.dropFirst()))
            || path.hasPrefix("/usr/") && allowed.matches(String(path.dropFirst("/usr/".count)))
    }

    /// What is wrong with a file that no ENTRYPOINT or CMD names.
    private mutating func audit(_ facts: ELFFacts, at file: Found) {
        let directories = file.path.components.dropLast().map { String(decoding: $0, as: UTF8.self) }
        let fit = PlatformFit(of: facts, on: platform)
        switch fit {
        case .notRun: return
        case .fits, .fitsAs:
            if let loader = facts.interpreter { audit(loader, of: facts, at: file, role: nil) }
        case .needsNewer:
            if ForeignPlace.isForCapabilities(directories) || choosesAtRunTime && isSystemLibrary(facts, at: file) {
                return
            }
            judge(facts, fit, at: file)
        case .foreign(let needed):
            if let needed, ForeignPlace.names(needed.architecture, in: directories) { return }
            judge(facts, fit, at: file)
        }
    }

    /// What is wrong with a program, whoever names it, besides its loader.
    mutating func judge(_ facts: ELFFacts, _ fit: PlatformFit, at file: Found, role: String? = nil) {
        let kind: AuditFinding.Kind
        switch fit {
        case .fits: return
        case .notRun:
            guard role != nil else { return }
            kind = .notProgram
        case .fitsAs:
            guard role != nil else { return }
            kind = .sister
        case .needsNewer: kind = .newer
        case .foreign: kind = .foreign
        }
        add(
            kind, "is \(fit.words(for: facts, on: platform))", at: file, role: role,
            stopsProgram: role != nil && kind != .sister,
            remedy: kind == .notProgram ? "name the program that it is linked into" : remedy(for: kind, at: file))
    }

    /// Whether a program's loader is there and goes with it.
    ///
    /// - Returns: The loader, when there is nothing to say against it.
    @discardableResult
    mutating func audit(_ loader: String, of facts: ELFFacts, at file: Found, role: String?) -> Found? {
        guard let found = self.file(loader) else {
            // Of a library it is what runs when somebody runs the library, which nobody does.
            if isIncomplete || facts.kind == .shared && role == nil && file.path.name.contains(UInt8(ascii: ".")) {
                return nil
            }
            add(
                .loader, "asks for the loader \(loader), which the image does not have", at: file, role: role,
                stopsProgram: role != nil, remedy: remedy(forLoader: loader))
            return nil
        }
        guard case .elf(let own) = found.facts else { return found }
        if let abi = own.floatABI { floatABIs.insert(abi) }
        let isOtherABI = own.floatABI != nil && facts.floatABI != nil && own.floatABI != facts.floatABI
        if !own.shares(machineOf: facts) || isOtherABI {
            let what = isOtherABI ? "is a \(facts.floatABI ?? "") program and " : ""
            add(
                .loader,
                "\(what)asks for the loader \(loader), which is \(own.floatABI.map { "\($0), " } ?? "")"
                    + own.words, at: file, role: role, stopsProgram: role != nil)
            return nil
        }
        return found
    }

    private mutating func auditFloatABIs(of files: [Found]) {
        guard !floatABIs.isEmpty else { return }
        let present = floatABIs.sorted().joined(separator: " and ")
        for file in files where !programFiles.contains(file.path) {
            guard case .elf(let facts) = file.facts, facts.kind == .shared, facts.interpreter == nil,
                PlatformFit(of: facts, on: platform) == .fits, let abi = facts.floatABI, !floatABIs.contains(abi)
            else { continue }
            add(
                .floatABI, "is \(facts.words) of the \(abi) ABI; the image's programs are \(present)", at: file,
                remedy: remedy(for: .foreign, at: file))
        }
    }
}
