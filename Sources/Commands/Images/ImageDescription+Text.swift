// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import OCI

extension ImageDescription {
    /// What it is, for people: a line for each platform; all of an image where there is one.
    var text: String {
        var lines: [(String, String)] = [("Name", name), ("Digest", digest.description)]
        let kind = mediaType.isIndex ? "index" : "image"
        lines.append(("Type", "\(kind) (\(mediaType))"))
        if let attestations { lines.append(("Attestations", "\(attestations.count)")) }
        lines += Self.lines("Annotation", annotations)
        guard images.count != 1 else { return Self.text(lines) + images.map { "\n" + $0.text }.joined() }
        lines += Self.lines("Label", commonLabels)
        var table = TextTable("PLATFORM", "DIGEST", "SIZE", "LAYERS", "CREATED")
        for image in images {
            table.add(
                image.platform ?? "-", image.digest.short, HumanFormat.bytes(image.size), "\(image.layers.count)",
                image.created.map(Self.date) ?? "-")
        }
        return Self.text(lines) + "\n" + table.text
    }

    /// The labels that the images of all platforms have.
    private var commonLabels: [String: String]? {
        guard let first = images.first?.config?.labels else { return nil }
        return first.filter { label in images.allSatisfy { $0.config?.labels?[label.key] == label.value } }
    }

    /// The day and the minute of a time in RFC 3339.
    static func date(_ time: String) -> String {
        let parts = time.split(separator: "T")
        guard parts.count == 2, parts[1].count >= 5 else { return time }
        return "\(parts[0]) \(parts[1].prefix(5))"
    }

    static func lines(_ title: String, _ values: [String: String]?) -> [(String, String)] {
        (values ?? [:]).sorted { $0.key < $1.key }.map { (title, "\($0.key)=\($0.value)") }
    }

    /// Titles and texts; an equal title is not repeated.
    static func text(_ lines: [(String, String)]) -> String {
        let width = 14
        var last = ""
        return lines.map { title, text in
            let shown = title == last ? "" : title + ":"
            last = title
            return shown + String(repeating: " ", count: max(1, width - shown.count))
                + SafeText.singleLine(text, limit: 4000) + "\n"
        }.joined()
    }
}

extension ImageDescription.Item {
    /// Everything that there is to say of one platform's image.
    var text: String {
        var lines: [(String, String)] = [
            ("Platform", platform ?? "-"), ("Digest", digest.description), ("Config", configDigest.description),
            ("Size", HumanFormat.bytes(size)),
        ]
        func add(_ title: String, _ text: String?) {
            if let text, !text.isEmpty { lines.append((title, text)) }
        }
        add("Created", created)
        add("Author", author)
        add("Entrypoint", config?.entrypoint.map(Self.words))
        add("Cmd", config?.cmd.map(Self.words))
        add("User", config?.user)
        add("Workdir", config?.workingDir)
        for variable in config?.env ?? [] { add("Env", variable) }
        for port in (config?.exposedPorts ?? [:]).keys.sorted() { add("Port", port) }
        for volume in (config?.volumes ?? [:]).keys.sorted() { add("Volume", volume) }
        add("Stop signal", config?.stopSignal)
        add("Healthcheck", config?.healthcheck?.test.map(Self.words))
        for trigger in config?.onBuild ?? [] { add("ONBUILD", trigger) }
        lines += ImageDescription.lines("Label", config?.labels)
        lines += ImageDescription.lines("Annotation", annotations)
        var table = TextTable("LAYER", "SIZE", "TYPE")
        for layer in layers {
            table.add(layer.digest.description, HumanFormat.bytes(layer.size), layer.mediaType.rawValue)
        }
        return ImageDescription.text(lines) + "\n" + table.text + historyText
    }

    private var historyText: String {
        guard let history, !history.isEmpty else { return "" }
        var table = TextTable("CREATED", "SIZE", "HISTORY")
        var sizes = layers.map(\.size)[...]
        for step in history {
            let size = step.emptyLayer == true ? nil : sizes.popFirst()
            table.add(
                step.created.map(ImageDescription.date) ?? "-", size.map(HumanFormat.bytes) ?? "-",
                SafeText.singleLine(step.createdBy ?? step.comment ?? "-", limit: 200))
        }
        return "\n" + table.text
    }

    /// A command as its list of words.
    private static func words(_ words: [String]) -> String {
        "[" + words.map { "\"\($0)\"" }.joined(separator: ", ") + "]"
    }
}
