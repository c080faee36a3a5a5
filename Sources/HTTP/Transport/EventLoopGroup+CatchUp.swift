// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

package import NIOCore

extension EventLoopGroup {
    /// Waits until the threads have done what they were told so far.
    ///
    /// A request's body is asked for its next piece until a thread says that the connection is full, which it does not know
    /// before it comes to write. A file is read faster than that: without a wait most of it would lie in memory by then.
    package func catchUp() async {
        for loop in makeIterator() {
            await withCheckedContinuation { continuation in loop.execute { continuation.resume() } }
        }
    }
}
