// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import ArgumentParser
import Images

/// Which names of platforms a command publishes.
struct NamingOptions: ParsableArguments {
    @Flag(
        name: .customLong("allow-nonstandard-platform"),
        help:
            "Publish images for platforms that Go has no port to, such as linux/riscv32, whose names few clients know.")
    var allowsAll = false

    var naming: PlatformNaming { allowsAll ? .any : .standard }
}
