// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

/// What a build of one stage can be given: arguments, secrets, ssh agents, caches; with the words of their comments.
///
/// `--call=outline` of `docker buildx build` shows it; the JSON has the shape of BuildKit's.
public struct BuildOutline: Sendable, Hashable {
    public struct Argument: Sendable, Hashable {
        public let name: String
        /// What the comment above says.
        public let description: String?
        /// The value that it has when nothing else is said, or that was given for this build.
        public let value: String?
        public let lines: ClosedRange<Int>
    }

    /// A secret or an agent.
    public struct Loan: Sendable, Hashable {
        public let name: String
        /// Whether the build fails without it.
        public let isRequired: Bool
        public let lines: ClosedRange<Int>
    }

    /// A `RUN --mount=type=cache`.
    public struct Cache: Sendable, Hashable {
        public let id: String
        public let lines: ClosedRange<Int>
    }

    /// The stage's name; nil when it has none.
    public let name: String?
    public let description: String?
    /// In the order of the file, as the others are.
    public private(set) var arguments: [Argument]
    public private(set) var secrets: [Loan]
    public private(set) var agents: [Loan]
    public private(set) var caches: [Cache]
    /// The text of the file.
    public let source: String

    /// - Parameters:
    ///   - target: the stage that is to be built.
    ///   - context: with the arguments and platforms of the build.
    public init(_ dockerfile: Dockerfile, target: Stage, context: LintContext = LintContext()) {
        var context = context
        context.stages = .needed(by: String(target.index))
        let scan = LintScan(dockerfile, context: context)
        var collector = OutlineCollector(scan)
        for stage in scan.countedStages.sorted(by: { $0.stage.index > $1.stage.index }) { collector.add(stage) }
        name = target.name
        description = target.documentation
        arguments = collector.arguments.values.sorted {
            ($0.lines.lowerBound, $0.name) < ($1.lines.lowerBound, $1.name)
        }
        secrets = OutlineCollector.loans(collector.secrets)
        agents = OutlineCollector.loans(collector.agents)
        caches = collector.caches.map { Cache(id: $0, lines: $1) }
            .sorted { ($0.lines.lowerBound, $0.id) < ($1.lines.lowerBound, $1.id) }
        source = dockerfile.lines.joined(separator: "\n")
    }

    /// The outline as tables, in the form of `docker buildx build --call=outline`.
    public var text: String {
        var tables: [[[String]]] = []
        if name != nil || description != nil {
            tables.append([["TARGET:", name ?? "(default)"]] + (description.map { [["DESCRIPTION:", $0]] } ?? []))
        }
        if !arguments.isEmpty {
            tables.append(
                [["BUILD ARG", "VALUE", "DESCRIPTION"]]
                    + arguments.map { [$0.name, $0.value ?? "", $0.description ?? ""] })
        }
        for (title, loans) in [("SECRET", secrets), ("SSH", agents)] where !loans.isEmpty {
            tables.append([[title, "REQUIRED"]] + loans.map { [$0.name, $0.isRequired ? "true" : ""] })
        }
        if !caches.isEmpty { tables.append([["CACHE"]] + caches.map { [$0.id] }) }
        return tables.map { Columns.text($0) }.joined(separator: "\n")
    }
}

/// Goes through the stages that a target needs, the target first: what a later stage says of a name counts.
private struct OutlineCollector {
    private(set) var arguments: [String: BuildOutline.Argument] = [:]
    private(set) var secrets: [String: (isRequired: Bool, lines: ClosedRange<Int>)] = [:]
    private(set) var agents: [String: (isRequired: Bool, lines: ClosedRange<Int>)] = [:]
    private(set) var caches: [String: ClosedRange<Int>] = [:]

    private let globals: [String: GlobalScope.Argument]
    private let given: Set<String>

    init(_ scan: LintScan) {
        var globals: [String: GlobalScope.Argument] = [:]
        for argument in scan.globals.arguments { globals[argument.declaration.name] = argument }
        self.globals = globals
        given = Set(scan.context.buildArguments.names)
    }

    static func loans(_ found: [String: (isRequired: Bool, lines: ClosedRange<Int>)]) -> [BuildOutline.Loan] {
        found.map { BuildOutline.Loan(name: $0, isRequired: $1.isRequired, lines: $1.lines) }
            .sorted { ($0.lines.lowerBound, $0.name) < ($1.lines.lowerBound, $1.name) }
    }

    mutating func add(_ stage: StageScan) {
        for instruction in stage.instructions {
            switch instruction.expanded.kind {
            case .argument(let declarations): add(declarations, of: instruction)
            case .run(let run): for mount in run.mounts { add(mount, lines: instruction.written.lines) }
            default: break
            }
        }
        addGlobals(stage.baseUsage.met.union(stage.platformUsage.met))
    }

    private mutating func add(_ declarations: [ArgumentDeclaration], of instruction: InstructionScan) {
        let values = Dictionary(instruction.assigned.map { ($0.name, $0.value) }) { $1 }
        for declaration in declarations where arguments[declaration.name] == nil {
            if declaration.defaultValue == nil, !given.contains(declaration.name) {
                if globals[declaration.name] != nil {
                    addGlobals([declaration.name])
                    continue
                }
                // The builder itself gives these.
                if GlobalScope.platformNames.contains(declaration.name) { continue }
            }
            arguments[declaration.name] = BuildOutline.Argument(
                name: declaration.name, description: declaration.documentation, value: values[declaration.name],
                lines: instruction.written.lines)
        }
    }

    /// Arguments that stand before the first FROM, with those that their defaults name.
    private mutating func addGlobals(_ names: Set<String>) {
        var pending = Array(names)
        while let name = pending.popLast() {
            guard arguments[name] == nil, let argument = globals[name] else { continue }
            arguments[name] = BuildOutline.Argument(
                name: name, description: argument.declaration.documentation, value: argument.value,
                lines: argument.lines)
            pending += argument.uses
        }
    }

    private mutating func add(_ mount: RunMount, lines: ClosedRange<Int>) {
        func last(_ path: String) -> String {
            path.utf8.split(separator: UInt8(ascii: "/")).last.map { String(Substring($0)) } ?? path
        }
        switch mount.kind {
        case .secret:
            let name = mount.id ?? mount.source ?? mount.target.map(last) ?? ""
            secrets[name] = (mount.required || secrets[name]?.isRequired == true, lines)
        case .ssh:
            let name = mount.id ?? "default"
            agents[name] = (mount.required || agents[name]?.isRequired == true, lines)
        case .cache:
            caches[mount.id ?? mount.target.map { Paths.clean($0) } ?? "/"] = lines
        case .bind, .tmpfs:
            break
        }
    }
}

extension BuildOutline: Encodable {
    private enum CodingKeys: String, CodingKey {
        case name, description, args, secrets, ssh, cache, sources
    }

    private struct NamedThing: Encodable {
        var name: String
        var description: String?
        var value: String?
        var required: Bool?
        var location: SourceLocation
    }

    private struct CacheThing: Encodable {
        private enum CodingKeys: String, CodingKey {
            case id = "ID"
            case location
        }

        var id: String
        var location: SourceLocation
    }

    /// In the shape of BuildKit's `outline` result.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encodeIfPresent(name, forKey: .name)
        try container.encodeIfPresent(description, forKey: .description)
        func encode(_ things: [NamedThing], _ key: CodingKeys) throws {
            if !things.isEmpty { try container.encode(things, forKey: key) }
        }
        try encode(
            arguments.map {
                NamedThing(
                    name: $0.name, description: $0.description, value: $0.value.flatMap { $0.isEmpty ? nil : $0 },
                    location: SourceLocation($0.lines))
            }, .args)
        for (key, loans) in [(CodingKeys.secrets, secrets), (.ssh, agents)] {
            try encode(
                loans.map {
                    NamedThing(
                        name: $0.name, required: $0.isRequired ? true : nil, location: SourceLocation($0.lines))
                }, key)
        }
        if !caches.isEmpty {
            try container.encode(
                caches.map { CacheThing(id: $0.id, location: SourceLocation($0.lines)) }, forKey: .cache)
        }
        try container.encode([Base64.encoded(source)], forKey: .sources)
    }
}
