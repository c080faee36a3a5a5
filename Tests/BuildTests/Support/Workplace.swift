// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import Build
import Glibc
import Layers
import OCI
import Store
import Synchronization
import SystemPackage
import Testing

/// A temporary directory with a build context, stores, images and a runner; it goes with the test.
final class Workplace: Sendable {
    let root: FilePath
    let images = TestImages()
    let runner = TestRunner()

    init() throws {
        var template = Array("/tmp/manifold-build-XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else { throw Errno(rawValue: errno) }
        root = FilePath(String(decoding: template.dropLast().map(UInt8.init(bitPattern:)), as: UTF8.self))
        try Files.makeDirectories(context)
        try images.add(
            "base", for: ["linux/amd64", "linux/arm64", "linux/arm/v7"],
            layers: [
                [
                    .file("etc/passwd", "root:x:0:0::/root:/bin/sh\nme:x:1000:1001::/home/me:/bin/sh\n"),
                    .file("etc/group", "root:x:0:\nus:x:2000:me\n"),
                ]
            ])
    }

    deinit { try? Files.removeTree(root) }

    var context: FilePath { root.appending("context") }

    /// A store of this name; opened anew each time, as by another process.
    func store(_ name: String = "store") throws -> Store { try Store(at: root.appending(name)) }

    /// Writes a file of the context, an hour old: what was written just now is never trusted to stay as it is.
    func write(_ name: String, _ text: String, mode: UInt32 = 0o644, age: Int = 3600) throws {
        let path = context.pushing(FilePath(name))
        try Files.makeDirectories(path.removingLastComponent(), mode: 0o755)
        try Files.write(Array(text.utf8), to: path, mode: mode)
        try setTime(path, Int(time(nil)) - age)
    }

    func setTime(_ path: FilePath, _ seconds: Int) throws {
        let times = [timespec(tv_sec: seconds, tv_nsec: 0), timespec(tv_sec: seconds, tv_nsec: 0)]
        guard utimensat(AT_FDCWD, path.string, times, AT_SYMLINK_NOFOLLOW) == 0 else { throw Errno(rawValue: errno) }
    }

    func link(_ name: String, to target: String) throws {
        guard symlink(target, context.appending(name).string) == 0 else { throw Errno(rawValue: errno) }
    }

    /// Builds, and tells what was made and what happened.
    @discardableResult
    func build(
        _ dockerfile: String? = nil, for platforms: [String] = ["linux/amd64"], in store: Store? = nil,
        exporters: [any Exporter] = [], runner: (any CommandRunner)? = nil,
        _ change: (inout BuildRequest) -> Void = { _ in }
    ) async throws -> Built {
        let store = try store ?? self.store()
        if let dockerfile { try write("Dockerfile", dockerfile) }
        var request = BuildRequest(context: context, platforms: try platforms.map { try Platform($0) })
        change(&request)
        let log = EventLog()
        let capture = CapturingExporter()
        let builder = Builder(
            store: store, images: images, runner: runner ?? self.runner, host: try Platform("linux/amd64"),
            events: EventRelay { log.append($0) })
        let summary = try await builder.build(request, exporters: [capture] + exporters)
        return Built(store: store, summary: summary, result: try #require(capture.result), events: log.events)
    }
}

/// A finished build.
struct Built {
    let store: Store
    let summary: BuildSummary
    let result: BuildResult
    let events: [BuildEvent]

    /// How each step of the plan ended, by its title; steps of several platforms one after the other.
    var outcomes: [String: [BuildEvent.Outcome]] {
        var steps: [BuildStep.ID: BuildStep] = [:]
        var outcomes: [String: [BuildEvent.Outcome]] = [:]
        for event in events {
            switch event {
            case .started(let step, _): steps[step.id] = step
            case .finished(let id, let outcome, _):
                if let step = steps[id], step.position != nil { outcomes[step.title, default: []].append(outcome) }
            default: break
            }
        }
        return outcomes
    }

    /// The outcomes of all steps that make layers.
    var allOutcomes: Set<BuildEvent.Outcome> { Set(outcomes.values.joined()) }

    var warnings: [String] {
        events.compactMap { if case .warning(let warning) = $0 { warning.message } else { nil } }
    }

    /// The merged files of an image.
    func tree(_ platform: Int = 0) async throws -> LayerStack {
        var indexes: [LayerIndex] = []
        for layer in result.images[platform].layers {
            try await result.ensureBlob(layer)
            let file = try FileDescriptor.open(store.blobPath(layer.blob.digest), .readOnly)
            defer { try? file.close() }
            indexes.append(
                try Unpacker.index(file, expecting: LayerExpectation(layer.blob, diffID: layer.diffID)).index)
        }
        return LayerStack(indexes)
    }

    /// The line that a file's entry has in an image, as in the tests of COPY.
    func line(_ path: String, _ platform: Int = 0) async throws -> String? {
        try await tree(platform).lookup(TreePath(path)).map(Copying.line)
    }
}

/// Notes what a build tells.
final class EventLog: Sendable {
    private let state = Mutex<[BuildEvent]>([])
    func append(_ event: BuildEvent) { state.withLock { $0.append(event) } }
    var events: [BuildEvent] { state.withLock { $0 } }
}

/// Takes the result of a build and keeps it; notes whether it was asked.
final class CapturingExporter: Exporter {
    private struct State {
        var result: BuildResult?
        var offered: [Layer] = []
    }

    private let state = Mutex(State())
    var result: BuildResult? { state.withLock { $0.result } }
    var offered: [Layer] { state.withLock { $0.offered } }
    let title = "capture"

    func prepare() async throws {}

    func offer(_ layer: Layer, ensureBlob: @escaping @Sendable (Layer) async throws -> Void) async throws {
        state.withLock { $0.offered.append(layer) }
    }

    func export(
        _ result: BuildResult, progress: @escaping @Sendable (Int64, Int64) -> Void
    ) async throws -> Publication {
        Publication(places: ["captured"], reach: .files) { [self] _ in state.withLock { $0.result = result } }
    }
}
