// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

/// From events to values.
struct YAMLReader {
    private let parser: YAMLParser
    private var anchors: [String: YAMLNode] = [:]
    private var depth = 0
    /// How many values there are, with what aliases stand for.
    private var count = 0

    init(_ text: [UInt8]) { parser = YAMLParser(text) }

    /// The values of all documents.
    mutating func documents() throws(YAMLError) -> [YAMLNode] {
        var documents: [YAMLNode] = []
        while let event = try parser.next() {
            if case .documentEnd = event.kind {
                anchors = [:]
                continue
            }
            let node = try value(event)
            if case .null = node.value { continue }
            documents.append(node)
        }
        return documents
    }

    /// The value that begins with an event.
    private mutating func value(_ event: YAMLParser.Event) throws(YAMLError) -> YAMLNode {
        let node: YAMLNode
        switch event.kind {
        case .scalar(let text, let isPlain):
            let isNull = isPlain && ["", "~", "null", "Null", "NULL"].contains(text)
            node = YAMLNode(isNull ? .null : .text(text), line: event.line)
            try note(1, event.line)
        case .alias:
            guard let known = event.anchor.flatMap({ anchors[$0] }) else {
                throw YAMLError("no value before this has the anchor &\(event.anchor ?? "")", line: event.line)
            }
            try note(known.weight, event.line)
            return YAMLNode(known.value, line: event.line)
        case .listStart:
            node = YAMLNode(
                .list(try nested(event) { reader throws(YAMLError) in try reader.list() }), line: event.line)
            try note(1, event.line)
        case .mapStart:
            node = YAMLNode(.map(try nested(event) { reader throws(YAMLError) in try reader.map() }), line: event.line)
            try note(1, event.line)
        case .listEnd, .mapEnd, .documentEnd:
            throw YAMLError("something ends that did not begin", line: event.line)
        }
        if let anchor = event.anchor { anchors[anchor] = node }
        return node
    }

    private mutating func note(_ values: Int, _ line: Int) throws(YAMLError) {
        count += values
        guard count <= YAMLNode.Limit.nodes else {
            throw YAMLError("there are more than \(YAMLNode.Limit.nodes) values, with those of aliases", line: line)
        }
    }

    private mutating func nested<Content>(
        _ event: YAMLParser.Event, _ body: (inout YAMLReader) throws(YAMLError) -> Content
    ) throws(YAMLError) -> Content {
        depth += 1
        defer { depth -= 1 }
        guard depth <= YAMLNode.Limit.depth else {
            throw YAMLError("values are nested more than \(YAMLNode.Limit.depth) deep", line: event.line)
        }
        return try body(&self)
    }

    private mutating func list() throws(YAMLError) -> [YAMLNode] {
        var nodes: [YAMLNode] = []
        while let event = try parser.next() {
            if case .listEnd = event.kind { break }
            nodes.append(try value(event))
        }
        return nodes
    }

    private mutating func map() throws(YAMLError) -> [YAMLNode.Entry] {
        var entries: [YAMLNode.Entry] = []
        var lines: [String: Int] = [:]
        // What a map takes over from others by YAML 1.1's key for that.
        var merged: [YAMLNode.Entry] = []
        while let event = try parser.next() {
            if case .mapEnd = event.kind { break }
            guard case .scalar(let key, let isPlain) = event.kind else {
                throw YAMLError("a key has to be text", line: event.line)
            }
            try note(1, event.line)
            guard let next = try parser.next() else { break }
            let node = try value(next)
            if key == "<<", isPlain {
                merged += try Self.entries(merging: node)
                continue
            }
            if let line = lines.updateValue(event.line, forKey: key) {
                throw YAMLError("the key \"\(key)\" is there twice; first in line \(line)", line: event.line)
            }
            entries.append(YAMLNode.Entry(key: key, line: event.line, value: node))
        }
        return entries + merged.filter { lines.updateValue($0.line, forKey: $0.key) == nil }
    }

    private static func entries(merging node: YAMLNode) throws(YAMLError) -> [YAMLNode.Entry] {
        switch node.value {
        case .map(let entries): return entries
        case .list(let nodes):
            var all: [YAMLNode.Entry] = []
            for one in nodes {
                guard case .map(let entries) = one.value else {
                    throw YAMLError("<< takes over keys with values, and this is \(one.kind)", line: one.line)
                }
                all += entries
            }
            return all
        case .text, .null:
            throw YAMLError("<< takes over keys with values, and this is \(node.kind)", line: node.line)
        }
    }
}
