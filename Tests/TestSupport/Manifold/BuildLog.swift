// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import FoundationEssentials

/// What `manifold build --progress json` told.
public struct BuildLog: Sendable, CustomStringConvertible {
    /// How the program ended.
    public let result: ChildProcess.Result
    /// Its events, in their order.
    public let events: [JSONValue]
    /// The final error as a person would read it, and whatever else on standard error is no event.
    public let message: String

    /// Takes a run apart.
    public init(_ result: ChildProcess.Result) {
        self.result = result
        var events: [JSONValue] = []
        var message = ""
        for line in result.errorOutput.split(separator: "\n", omittingEmptySubsequences: false) {
            if line.hasPrefix("{"), let event = try? JSONValue(parsing: Array(line.utf8)) {
                events.append(event)
                guard event["event"] == "error" else { continue }
                message += "error: \(event["message"].string ?? "")\n"
                if let remedy = event["remedy"].string { message += "  \(remedy)\n" }
            } else if !line.isEmpty {
                message += line + "\n"
            }
        }
        self.events = events
        self.message = message
    }

    /// Whether the exit code was 0.
    public var succeeded: Bool { result.succeeded }

    /// What the steps of a platform printed, line by line.
    public func output(of platform: String) -> [String] {
        events.filter { $0["event"] == "output" && $0["platforms"].array.contains(.string(platform)) }
            .compactMap(\.["text"].string)
    }

    /// How the steps ended whose titles begin with a text: `done`, `cached` and so on.
    public func outcomes(of title: String) -> [String] {
        let steps = events.filter { $0["event"] == "started" && $0["title"].string?.hasPrefix(title) == true }
            .map { $0["step"] }
        return events.filter { $0["event"] == "finished" && steps.contains($0["step"]) }
            .compactMap(\.["outcome"].string)
    }

    /// The titles of all steps that began.
    public var titles: [String] { events.filter { $0["event"] == "started" }.compactMap(\.["title"].string) }

    /// The digest of what was built.
    public var digest: String? { events.last { $0["event"] == "completed" }?["digest"].string }

    public var description: String { "\(result)" }
}
