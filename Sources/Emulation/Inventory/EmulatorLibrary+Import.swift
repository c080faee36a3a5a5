// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import Glibc
import OCI
public import SystemPackage

extension EmulatorLibrary {
    /// Why a file is not taken in.
    public enum Refusal: Error, Hashable, Sendable, CustomStringConvertible {
        case noProgram
        case noEmulator
        case unknownTarget
        case otherMachine(String?)
        case notStatic
        case file(FilePath, Errno)

        /// In words, to follow the file's name.
        public var description: String {
            switch self {
            case .noProgram: "is no program"
            case .noEmulator: "is no user emulator of QEMU: it does not say a version"
            case .unknownTarget: "emulates what no QEMU is known to"
            case .otherMachine(let machine): "is a program for \(machine ?? "another machine"), not for this one"
            case .notStatic: "needs libraries, so it would not run where an image's files are"
            case .file(let path, let error): "could not be kept: \(path): \(error)"
            }
        }
    }

    /// What was taken in.
    public struct Imported: Hashable, Sendable {
        public let known: KnownEmulator
        /// Whether it was not there before.
        public let isNew: Bool
    }

    /// Takes in a program that lies in a stage; nothing of it is run.
    ///
    /// - Parameters:
    ///   - file: the program, alone in a directory on the same file system, which becomes part of the library.
    ///   - name: a name by which it can be asked for besides its version.
    /// - Throws: ``Refusal``.
    public func take(_ file: FilePath, name: String?) throws(Refusal) -> Imported {
        guard let facts = EmulatorFile(file) else { throw .noProgram }
        guard let version = facts.version else { throw .noEmulator }
        guard let target = facts.target else { throw .unknownTarget }
        guard facts.isForHost else { throw .otherMachine(facts.machine) }
        guard facts.isStatic else { throw .notStatic }
        guard let digest = HostFile.digest(of: file) else { throw .file(file, .ioError) }
        let stage = file.removingLastComponent()
        let programName = "qemu-\(target.target)-static"
        let own = directory.appending(digest.encoded)
        // Who builds as another user reads it, too.
        chmod(stage.string, 0o755)
        do throws(HostInstallError) {
            if let name { try HostFile.replace(stage.appending("name"), with: name + "\n") }
        } catch {
            throw .file(stage, .ioError)
        }
        guard chmod(file.string, 0o755) == 0, rename(file.string, stage.appending(programName).string) == 0 else {
            throw .file(file, Errno(rawValue: errno))
        }
        let isNew = rename(stage.string, own.string) == 0
        if !isNew {
            guard errno == EEXIST || errno == ENOTEMPTY else { throw .file(own, Errno(rawValue: errno)) }
            // It is there already, and may get another name; one that was damaged since is mended.
            for part in name == nil ? [programName] : [programName, "name"] {
                guard rename(stage.appending(part).string, own.appending(part).string) == 0 else {
                    throw .file(own, Errno(rawValue: errno))
                }
            }
        }
        let emulator = Emulator(target: target, path: own.appending(programName), digest: digest)
        return Imported(known: KnownEmulator(emulator: emulator, version: version, name: name), isNew: isNew)
    }

    /// Removes what was imported and fits a word: a version, a name or the beginning of a SHA-256.
    ///
    /// - Returns: what was removed.
    /// - Throws: ``Refusal/file(_:_:)``.
    public func forget(_ word: String) throws(Refusal) -> [KnownEmulator] {
        let fitting = all.filter { known in
            known.name == word || known.version?.matches(word) == true
                || word.count >= 6 && known.emulator.digest?.encoded.hasPrefix(word) == true
        }
        for known in fitting { try Self.remove(known.emulator.path.removingLastComponent()) }
        return fitting
    }

    private static func remove(_ directory: FilePath) throws(Refusal) {
        for name in HostFile.names(in: directory) { unlink(directory.appending(name).string) }
        guard rmdir(directory.string) != 0, errno != ENOENT else { return }
        throw .file(directory, Errno(rawValue: errno))
    }
}
