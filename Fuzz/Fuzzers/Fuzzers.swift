// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import CFuzzer
import Glibc

/// Feeds libFuzzer's inputs to one of the readers of foreign text and bytes: `fuzz READER [LIBFUZZER OPTION...]`.
///
/// An input that crashes, or takes longer than `-timeout` says, ends the program and is saved.
@main
struct Fuzzers {
    typealias Test = @convention(c) (UnsafePointer<UInt8>?, Int) -> Int32

    static let tests: [(name: String, test: Test)] = [
        ("parser", { DockerfileFuzzers.parse(bytes($0, $1)) }),
        ("expander", { DockerfileFuzzers.expand(bytes($0, $1)) }),
        ("ignore", { DockerfileFuzzers.ignore(bytes($0, $1)) }),
        ("tar", { LayerFuzzers.read(bytes($0, $1)) }),
        ("index", { LayerFuzzers.loadIndex(bytes($0, $1)) }),
        ("values", { ValueFuzzers.read(bytes($0, $1)) }),
    ]

    private static func bytes(_ data: UnsafePointer<UInt8>?, _ size: Int) -> [UInt8] {
        Array(UnsafeBufferPointer(start: data, count: size))
    }

    static func main() {
        let arguments = CommandLine.arguments
        guard arguments.count > 1, let test = tests.first(where: { $0.name == arguments[1] })?.test else {
            print(tests.map(\.name).joined(separator: "\n"))
            exit(arguments.count > 1 ? 2 : 0)
        }
        let words = [arguments[0]] + arguments.dropFirst(2)
        var pointers = words.map { strdup($0) } + [nil]
        pointers.withUnsafeMutableBufferPointer { buffer in
            var count = Int32(words.count)
            var start = buffer.baseAddress
            exit(LLVMFuzzerRunDriver(&count, &start, test))
        }
    }
}
