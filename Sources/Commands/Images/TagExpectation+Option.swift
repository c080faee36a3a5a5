// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import Images

extension TagExpectation {
    /// Reads the value of `--if-match`.
    ///
    /// - Throws: ``CommandError``.
    init(option text: String?) throws {
        guard let text else {
            self = .anything
            return
        }
        do { try self.init(text) } catch {
            throw CommandError("--if-match \(text): \(error)", remedy: "give a whole digest, or none")
        }
    }
}
