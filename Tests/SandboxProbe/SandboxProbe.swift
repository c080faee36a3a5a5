// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import CSandbox
import Dispatch
import Emulation
import FoundationEssentials
import Glibc
import OCI
import Sandbox
import Synchronization
import SystemPackage

/// Enters the user namespace and runs what its standard input asks for.
@main
enum SandboxProbe {
    static func main() {
        var failure = mf_enter_error()
        if mf_enter_user_namespace(CommandLine.argc, CommandLine.unsafeArgv, &failure) != 0 {
            var result = ProbeResult()
            result.error = withUnsafeBytes(of: failure.message) { text($0) }
            result.remedy = withUnsafeBytes(of: failure.remedy) { text($0) }
            emit(result)
            exit(3)
        }
        Task {
            do {
                let input = try read()
                let request = try JSONDecoder().decode(ProbeRequest.self, from: Data(input))
                emit(try await Probe(request: request).run())
                exit(0)
            } catch {
                var result = ProbeResult()
                result.error = "\(error)"
                result.remedy = (error as? SandboxError)?.remedy ?? (error as? EmulationError)?.remedy
                emit(result)
                exit(4)
            }
        }
        dispatchMain()
    }

    private static func text(_ bytes: UnsafeRawBufferPointer) -> String {
        String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
    }

    private static func read() throws -> [UInt8] {
        var all: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 65536)
        while true {
            let count = try chunk.withUnsafeMutableBytes { try FileDescriptor.standardInput.read(into: $0) }
            if count == 0 { return all }
            all += chunk[..<count]
        }
    }

    private static func emit(_ result: ProbeResult) {
        guard let data = try? JSONEncoder().encode(result) else { return }
        _ = try? FileDescriptor.standardOutput.writeAll(Array(data) + [0x0a])
    }
}
