// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

/// Who a process is.
public struct UserIdentity: Hashable, Sendable {
    /// The user's number.
    public var uid: UInt32
    /// The primary group's number.
    public var gid: UInt32
    /// The supplementary groups.
    public var groups: [UInt32]
    /// The user's home directory, `/` when the image does not know the user.
    public var home: String

    /// Makes an identity of its numbers.
    public init(uid: UInt32, gid: UInt32, groups: [UInt32] = [], home: String = "/") {
        self.uid = uid
        self.gid = gid
        self.groups = groups
        self.home = home
    }

    /// Root, with root's home.
    public static let root = UserIdentity(uid: 0, gid: 0, home: "/root")
}

/// The users and groups of an image, from the text of its `/etc/passwd` and `/etc/group` (passwd(5), group(5)).
public struct UserDatabase: Hashable, Sendable {
    struct User: Hashable, Sendable {
        var name: Substring
        var uid: UInt32
        var gid: UInt32
        var home: Substring
    }

    struct Group: Hashable, Sendable {
        var name: Substring
        var gid: UInt32
        var members: [Substring]
    }

    private let users: [User]
    private let groups: [Group]

    /// Reads the two files; lines that are not as they should be are passed over.
    public init(passwd: String, group: String) {
        users = Self.lines(passwd).compactMap { fields in
            guard fields.count >= 4, let uid = UInt32(fields[2]), let gid = UInt32(fields[3]) else { return nil }
            return User(name: fields[0], uid: uid, gid: gid, home: fields.count > 5 ? fields[5] : "")
        }
        groups = Self.lines(group).compactMap { fields in
            guard fields.count >= 3, let gid = UInt32(fields[2]) else { return nil }
            return Group(name: fields[0], gid: gid, members: fields.count > 3 ? fields[3].split(separator: ",") : [])
        }
    }

    /// Who `USER` names: `user[:group]`, each by name or number; an empty text is root.
    ///
    /// As Docker does it: the user's own groups count unless a group is given; a number need not be known, and then
    /// has group 0 and the home directory `/`.
    /// - Throws: ``SandboxError/unknownUser(_:)``, ``SandboxError/unknownGroup(_:)``.
    public func identity(_ text: String) throws(SandboxError) -> UserIdentity {
        let (name, groupName) = Self.split(text)
        let user = find(user: name.isEmpty ? "0" : name)
        var identity: UserIdentity
        if let user {
            let home = user.home.isEmpty ? "/" : String(user.home)
            identity = UserIdentity(uid: user.uid, gid: user.gid, home: home)
        } else if name.isEmpty {
            identity = .root
        } else if let number = Self.number(name) {
            identity = UserIdentity(uid: number, gid: 0)
        } else {
            throw .unknownUser(String(name))
        }
        if let groupName {
            identity.gid = try gid(groupName)
        } else if let user {
            identity.groups = groups.filter { $0.members.contains(user.name) }.map(\.gid)
        }
        return identity
    }

    /// Who `--chown` names: as `USER`, but a number without a group is the group's number, too.
    ///
    /// - Throws: ``SandboxError/unknownUser(_:)``, ``SandboxError/unknownGroup(_:)``.
    public func owner(_ text: String) throws(SandboxError) -> (uid: UInt32, gid: UInt32) {
        let (name, groupName) = Self.split(text)
        var uid: UInt32 = 0
        var gid: UInt32 = 0
        if let number = Self.number(name) {
            (uid, gid) = (number, number)
        } else if let user = find(user: name) {
            (uid, gid) = (user.uid, user.gid)
        } else if !name.isEmpty {
            throw .unknownUser(String(name))
        }
        if let groupName { gid = try self.gid(groupName) }
        return (uid, gid)
    }

    private func find(user text: Substring) -> User? {
        // A name goes before a number: there are users called 1000.
        users.first { $0.name == text } ?? Self.number(text).flatMap { number in users.first { $0.uid == number } }
    }

    private func gid(_ text: Substring) throws(SandboxError) -> UInt32 {
        if let group = groups.first(where: { $0.name == text }) { return group.gid }
        guard let number = Self.number(text) else { throw .unknownGroup(String(text)) }
        return number
    }

    private static func lines(_ text: String) -> [[Substring]] {
        text.split(whereSeparator: \.isNewline).filter { !$0.hasPrefix("#") }.map {
            $0.split(separator: ":", omittingEmptySubsequences: false)
        }
    }

    /// An empty group is none.
    private static func split(_ text: String) -> (user: Substring, group: Substring?) {
        guard let colon = text.firstIndex(of: ":") else { return (text[...], nil) }
        let group = text[text.index(after: colon)...]
        return (text[..<colon], group.isEmpty ? nil : group)
    }

    /// A number as an id; the highest means "none" to the kernel.
    private static func number(_ text: Substring) -> UInt32? {
        guard !text.isEmpty, text.utf8.allSatisfy({ (0x30...0x39).contains($0) }) else { return nil }
        return UInt32(text).flatMap { $0 == .max ? nil : $0 }
    }
}
