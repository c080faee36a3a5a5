// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

/// Why a manifest list cannot be edited as asked.
public enum ListProblem: Hashable, Sendable {
    /// Another entry has the platform already.
    case platformTaken(Platform, by: Digest, new: Digest)
    /// Neither the caller nor the image's config says what the image is for.
    case noPlatform(Digest)
    /// No entry is what the words name.
    case noSuchEntry(String, available: [String])
    /// The words name several entries.
    case severalEntries(String, digests: [Digest])
    /// An attestation whose image is not in the list.
    case withoutSubject(Digest, subject: Digest?)
    /// Docker's manifest lists have no place for it.
    case notInDockerLists(String)
    /// A manifest list without entries.
    case empty
    /// A value of `--platforms` that has no operating system, or too much.
    case templatePlatform(String)
}

extension ListProblem: CustomStringConvertible {
    public var description: String {
        switch self {
        case .platformTaken(let platform, let old, let new):
            "the list has an image for \(platform.fullName) already (\(old.short)); \(new.short) is for the same"
        case .noPlatform(let digest):
            "\(digest.short) does not say which platform it is for"
        case .noSuchEntry(let text, let available):
            "the list has no entry \(text)"
                + (available.isEmpty ? "; it is empty" : " (it has \(available.joined(separator: ", ")))")
        case .severalEntries(let text, let digests):
            "\(text) names \(digests.count) entries: \(digests.map(\.short).joined(separator: ", "))"
        case .withoutSubject(let digest, let subject?):
            "\(digest.short) attests \(subject.short), which is not in the list"
        case .withoutSubject(let digest, nil):
            "\(digest.short) does not say what it attests"
        case .notInDockerLists(let what):
            "a Docker manifest list cannot have \(what)"
        case .empty:
            "a manifest list needs at least one image"
        case .templatePlatform(let text):
            "\"\(text)\" is not os/architecture or os/architecture/variant"
        }
    }

    /// What to do about it.
    public var remedy: String? {
        switch self {
        case .platformTaken(let platform, _, _):
            "leave one of them out, or replace the old one: create and merge have --replace, for a list that is there "
                + "use manifold manifest replace"
                + (["arm", "amd64"].contains(platform.architecture) ? "; or say which variant the new one is for" : "")
        case .noPlatform: "name the platform, as in --os linux --arch arm --variant v6"
        case .noSuchEntry: "name an entry by its platform or by its digest"
        case .severalEntries: "name the entry by its digest"
        case .withoutSubject: "add the image first, or leave attestations out"
        case .notInDockerLists: "write an OCI index"
        case .empty: nil
        case .templatePlatform: "write it as in linux/amd64,linux/arm/v7"
        }
    }
}
