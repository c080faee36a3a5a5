// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

/// The exports of a build that failed while others went on.
struct ExportFailures {
    let relay: EventRelay
    private var failures: [(title: String, error: any Error)] = []

    init(relay: EventRelay) { self.relay = relay }

    /// Does a part of an export.
    ///
    /// - Throws: what `body` throws, when the export's failure ends the build.
    mutating func collect(from exporter: any Exporter, _ body: () async throws -> Void) async throws {
        do { try await body() } catch let error as CancellationError { throw error } catch let lost as LostLayer {
            // No failure: the layer is made again, and then everything is exported once more.
            throw lost
        } catch {
            try Task.checkCancellation()
            switch exporter.failureHandling {
            case .endsBuild: throw error
            case .failsAtEnd: failures.append((exporter.title, error))
            case .warns:
                relay.warn(BuildWarning("FAILED, and the build goes on as it was told to: \(exporter.title): \(error)"))
            }
        }
    }

    /// Ends the build when there were failures.
    ///
    /// - Throws: ``BuildError/output(_:remedy:)`` that names them all.
    func end(published: [String]) throws {
        guard let first = failures.first else { return }
        let lines = failures.map { "\($0.title): \($0.error)" }
        let rest = published.isEmpty ? "" : "\n(published: \(published.joined(separator: ", ")))"
        throw BuildError.output(lines.joined(separator: "\n") + rest, remedy: Remedy.of(first.error))
    }
}
