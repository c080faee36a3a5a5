// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

/// A family of names that tools and distributions have for the platforms of Linux.
public enum NamingFamily: String, CaseIterable, Sendable {
    /// What `uname -m` says, as in `armv7l`.
    case uname
    /// Debian's ports, as in `armhf`.
    case debian
    /// Alpine's ports, as in `armv7`.
    case alpine
    /// The prefix of GNU's tools, as in `arm-linux-gnueabihf`.
    case gnu
    /// Rust's target for the GNU C library, as in `armv7-unknown-linux-gnueabihf`.
    case rust
    /// `GOARM`, as in `7`; other architectures have none.
    case goarm
    /// QEMU's name, as in `arm`.
    case qemu
    /// What Docker's official images have before their names, as in `arm32v7`.
    case officialImages = "dockerlib"
    /// `ARCH` of the kernel's own makefiles, as in `arm`.
    case kernel

    /// What the family calls `platform`; nil when it has no name for it.
    public func name(of platform: Platform) -> String? {
        guard let names = ArchitectureNames.names(of: platform) else { return nil }
        return switch self {
        case .uname: names.uname
        case .debian: names.debian
        case .alpine: names.alpine
        case .gnu: names.gnu
        case .rust: names.rustTarget
        case .goarm: names.goarm
        case .qemu: names.qemu
        case .officialImages: names.imagePrefix
        case .kernel: names.kernel
        }
    }
}
