// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import Build
import OCI

extension ImageForm {
    /// Takes out of an `--output` what says how an image is written down.
    ///
    /// - Throws: ``CommandError``.
    init(_ attributes: inout AttributeList, mediaTypes: MediaTypes) throws {
        self.init()
        self.mediaTypes = mediaTypes
        recompressesBases = try attributes.takeBoolean("force-compression") ?? false
        clampsTimes = try attributes.takeBoolean("rewrite-timestamp") ?? false
        compression = try Self.compression(&attributes)
        if recompressesBases, compression == nil { compression = Compression(.gzip) }
        for (rest, value) in attributes.takeAll(startingWith: "annotation").sorted(by: { $0.key < $1.key }) {
            try annotations.add(attribute: rest, value, source: attributes.source)
        }
    }

    private static func compression(_ attributes: inout AttributeList) throws -> Compression? {
        let word = attributes.take("compression")
        let level = attributes.take("compression-level")
        if word == nil, level == nil { return nil }
        if word == "estargz" {
            throw CommandError(
                "\(attributes.source): manifold does not make estargz layers", remedy: "use compression=gzip or zstd")
        }
        guard let method = Compression.Method(rawValue: word ?? "gzip") else {
            let all = Compression.Method.allCases.map(\.rawValue)
            let nearest = Spelling.nearest(to: word ?? "", among: all)
            throw CommandError(
                "\(attributes.source): there is no compression \"\(word ?? "")\"",
                remedy: nearest.map { "did you mean \($0)?" } ?? "use one of \(all.joined(separator: ", "))")
        }
        guard let level else { return Compression(method) }
        let highest = method == .zstd ? 22 : 9
        guard let number = Int(level), (0...highest).contains(number) else {
            throw CommandError(
                "\(attributes.source): \"\(level)\" is not a level of \(method.rawValue)",
                remedy: "levels go from 0 to \(highest)")
        }
        return Compression(method, level: method == .uncompressed ? nil : number)
    }
}

extension ImageAnnotations {
    /// Reads one `--annotation`: `[type[,type…]:]key=value`, a type with or without `[platform]`.
    ///
    /// - Throws: ``CommandError``, ``OCIError``.
    mutating func add(option text: String) throws {
        let source = "--annotation \(text)"
        guard let equals = text.firstIndex(of: "="), equals != text.startIndex else {
            throw CommandError(
                "\(source): it is not of the form KEY=VALUE", remedy: "write it as --annotation [TYPE:]KEY=VALUE")
        }
        var key = text[..<equals]
        var types: [Substring] = ["manifest"]
        // Keys may hold colons: only what is a list of types is one.
        if let colon = key.firstIndex(of: ":") {
            let list = key[..<colon].split(separator: ",", omittingEmptySubsequences: false)
            if list.allSatisfy({ Scope(rawValue: String($0.prefix { $0 != "[" })) != nil }) {
                types = list
                key = key[key.index(after: colon)...]
            } else if let wrong = list.first(where: { $0.contains("[") || Self.looksLikeType($0) }) {
                throw Self.unknownScope(String(wrong), source)
            }
        }
        guard !key.isEmpty else { throw CommandError("\(source): the key is missing") }
        for type in types {
            try add(String(key), String(text[text.index(after: equals)...]), type: type, source: source)
        }
    }

    /// Reads an attribute of `--output` that begins with "annotation": the rest of its key, as "-index.KEY".
    mutating func add(attribute rest: String, _ value: String, source: String) throws {
        guard let point = rest.firstIndex(of: "."), rest.index(after: point) < rest.endIndex else {
            throw CommandError(
                "\(source): \"annotation\(rest)\" names no key", remedy: "write it as annotation.KEY=VALUE")
        }
        var type = rest[..<point]
        if type.first == "-" { type = type.dropFirst() } else { type = "manifest" + type }
        try add(String(rest[rest.index(after: point)...]), value, type: type, source: source)
    }

    private mutating func add(_ key: String, _ value: String, type: Substring, source: String) throws {
        let name = type.prefix { $0 != "[" }
        guard let scope = Scope(rawValue: String(name)) else { throw Self.unknownScope(String(name), source) }
        var platform: Platform?
        let suffix = type.dropFirst(name.count)
        if !suffix.isEmpty {
            guard suffix.last == "]" else { throw CommandError("\(source): the ] after the platform is missing") }
            platform = try Platform(String(suffix.dropFirst().dropLast()))
        }
        if platform != nil, scope == .index || scope == .indexDescriptor {
            throw CommandError("\(source): the index is for all platforms", remedy: "leave out \(suffix)")
        }
        add(key, value, to: scope, of: platform)
    }

    /// Whether a word before a colon was meant as a type, and is no namespace of a key.
    private static func looksLikeType(_ word: Substring) -> Bool {
        Spelling.nearest(to: String(word), among: Scope.allCases.map(\.rawValue)) != nil
    }

    private static func unknownScope(_ word: String, _ source: String) -> CommandError {
        CommandError(
            "\(source): nothing called \"\(word)\" has annotations",
            remedy: "use one of \(Scope.allCases.map(\.rawValue).joined(separator: ", "))")
    }
}
