// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import CYaml

/// libyaml's events, as values.
final class YAMLParser {
    private let parser: UnsafeMutablePointer<yaml_parser_t>
    private let text: UnsafeMutableBufferPointer<UInt8>
    private var isOver = false

    /// What a text is made of.
    struct Event {
        let kind: Kind
        /// Counted from 1.
        let line: Int
        let anchor: String?

        enum Kind {
            case scalar(String, isPlain: Bool)
            case alias
            case listStart, listEnd, mapStart, mapEnd, documentEnd
        }
    }

    init(_ bytes: [UInt8]) {
        // libyaml keeps pointers to both.
        parser = .allocate(capacity: 1)
        text = .allocate(capacity: max(1, bytes.count))
        _ = text.initialize(from: bytes)
        // It fails only without memory; then the parser is all zero and its first event is an error.
        yaml_parser_initialize(parser)
        yaml_parser_set_input_string(parser, text.baseAddress, bytes.count)
        yaml_parser_set_encoding(parser, YAML_UTF8_ENCODING)
    }

    deinit {
        yaml_parser_delete(parser)
        parser.deallocate()
        text.deallocate()
    }

    /// The next event; nil when there is none any more.
    func next() throws(YAMLError) -> Event? {
        while !isOver {
            var event = yaml_event_t()
            guard yaml_parser_parse(parser, &event) == 1 else {
                isOver = true
                throw problem()
            }
            defer { yaml_event_delete(&event) }
            if let value = take(event) { return value }
        }
        return nil
    }

    private func take(_ event: yaml_event_t) -> Event? {
        func made(_ kind: Event.Kind, _ anchor: UnsafeMutablePointer<yaml_char_t>?) -> Event {
            Event(kind: kind, line: Int(event.start_mark.line) + 1, anchor: anchor.map { String(cString: $0) })
        }
        switch event.type {
        case YAML_SCALAR_EVENT:
            let scalar = event.data.scalar
            let bytes = UnsafeBufferPointer(start: scalar.value, count: scalar.length)
            // A tag such as !!str makes text of what would be nothing.
            let isPlain = scalar.style == YAML_PLAIN_SCALAR_STYLE && scalar.tag == nil
            return made(.scalar(String(decoding: bytes, as: UTF8.self), isPlain: isPlain), scalar.anchor)
        case YAML_ALIAS_EVENT: return made(.alias, event.data.alias.anchor)
        case YAML_SEQUENCE_START_EVENT: return made(.listStart, event.data.sequence_start.anchor)
        case YAML_SEQUENCE_END_EVENT: return made(.listEnd, nil)
        case YAML_MAPPING_START_EVENT: return made(.mapStart, event.data.mapping_start.anchor)
        case YAML_MAPPING_END_EVENT: return made(.mapEnd, nil)
        case YAML_DOCUMENT_END_EVENT: return made(.documentEnd, nil)
        case YAML_STREAM_END_EVENT, YAML_NO_EVENT:
            isOver = true
            return nil
        default: return nil
        }
    }

    private func problem() -> YAMLError {
        let state = parser.pointee
        let reason = state.problem.map { String(cString: $0) } ?? "this is not YAML"
        let context = state.context.map { " (\(String(cString: $0)))" } ?? ""
        // What cannot even be decoded has no mark.
        let line = state.error == YAML_READER_ERROR ? Int(state.mark.line) : Int(state.problem_mark.line)
        return YAMLError(reason + context, line: line + 1)
    }
}
