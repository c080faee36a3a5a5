// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

public import Host
public import OCI
public import SystemPackage

/// The machine that is examined, as the checks see it; a test gives them another one.
public struct ExaminedMachine: Sendable {
    /// Stands before the paths of files that are only read.
    public var root: FilePath
    public var environment: [String: String]
    public var distribution: Distribution
    public var userID: UInt32
    public var userName: String
    public var host: Platform
    /// Where the store is or would be.
    public var store: FilePath
    /// This program's file.
    public var program: FilePath
    /// The kernel's release, as in `6.18.1-arch1`.
    public var kernel: String

    public init(
        root: FilePath = "/", environment: [String: String], distribution: Distribution, userID: UInt32,
        userName: String, host: Platform = .host, store: FilePath, program: FilePath, kernel: String
    ) {
        self.root = root
        self.environment = environment
        self.distribution = distribution
        self.userID = userID
        self.userName = userName
        self.host = host
        self.store = store
        self.program = program
        self.kernel = kernel
    }

    /// The text of a file; nil when it cannot be read.
    func text(_ path: String) -> String? { SystemFile.text(file(path)) }

    /// The number in a file; nil when there is none.
    func number(_ path: String) -> Int? { SystemFile.number(file(path)) }

    func file(_ path: String) -> FilePath { root.pushing(FilePath(path).relative) }

    func sudo(_ command: String) -> Finding.Command {
        Finding.Command(distribution.asRoot(command), needsRoot: true)
    }

    /// What installs something; none where the distribution has no package for it.
    func installation(of need: Distribution.Need) -> [Finding.Command] {
        distribution.installation(of: need).map { [Finding.Command($0, needsRoot: true)] } ?? []
    }

    /// Sets a sysctl, now and at every start.
    func setting(_ name: String, to value: String) -> [Finding.Command] {
        let file = "/etc/sysctl.d/60-manifold.conf"
        return [sudo("sh -c \"echo \(name)=\(value) >> \(file) && sysctl -p \(file)\"")]
    }

    /// What people type to start this program.
    public var programName: String {
        Programs(self).path(of: "manifold") == nil ? program.string : "manifold"
    }

    /// Whether all this is inside of a container.
    var isContainer: Bool {
        text("/run/.containerenv") != nil || text("/.dockerenv") != nil || environment["container"] != nil
    }

    /// The kernel's version: its first two numbers.
    var kernelVersion: (Int, Int) {
        let numbers = kernel.split { !$0.isNumber }.prefix(2).map { Int($0) ?? 0 }
        return (numbers.first ?? 0, numbers.count > 1 ? numbers[1] : 0)
    }

    /// The directory on the store's file system that is there already: the store, or what it would be made in.
    var storePlace: FilePath {
        var path = store
        while FileSystem(of: path) == nil, path.removeLastComponent() {}
        return path
    }
}

extension FilePath {
    fileprivate var relative: FilePath {
        var path = self
        path.root = nil
        return path
    }
}
