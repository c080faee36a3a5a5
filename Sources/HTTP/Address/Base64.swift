// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import FoundationEssentials

/// Base 64, as headers have it.
package enum Base64 {
    package static func encode(_ text: String) -> String { Data(text.utf8).base64EncodedString() }
}
