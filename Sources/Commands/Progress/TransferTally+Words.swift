// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import Images

extension TransferTally {
    /// What was moved and what was not: `sent 3 blobs (4.5MB, 12MB/s), mounted 1 (30MB), 2 were there (1kB)`.
    func words(in duration: Duration) -> String {
        var words: [String] = []
        if sent.count > 0 {
            let rate = HumanFormat.rate(sent.bytes, in: duration)
            words.append(
                "sent \(Self.blobs(sent.count)) (\(HumanFormat.bytes(sent.bytes))\(rate.map { ", \($0)" } ?? ""))")
        }
        if mounted.count > 0 {
            words.append("mounted \(Self.blobs(mounted.count)) (\(HumanFormat.bytes(mounted.bytes)))")
        }
        if alreadyThere.count > 0 {
            let bytes = HumanFormat.bytes(alreadyThere.bytes)
            words.append("\(Self.blobs(alreadyThere.count)) there already (\(bytes))")
        }
        return words.isEmpty ? "no blobs to send" : words.joined(separator: ", ")
    }

    private static func blobs(_ count: Int) -> String { count == 1 ? "1 blob" : "\(count) blobs" }
}

extension HumanFormat {
    /// How fast bytes went, as `12.3MB/s`; nil for a time too short to say.
    static func rate(_ count: Int64, in duration: Duration) -> String? {
        let milliseconds = milliseconds(duration)
        guard milliseconds >= 50 else { return nil }
        return bytes(Int64(Double(count) * 1000 / Double(milliseconds))) + "/s"
    }
}
