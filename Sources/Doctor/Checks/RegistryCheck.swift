// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import Registry

/// Whether a registry can be reached, and lets this user in.
struct RegistryCheck: Check {
    let registry: String
    let client: RegistryClient
    let timeLimit: Duration
    /// Whether somebody asked for this registry.
    let isAsked: Bool

    func findings() async -> [Finding] {
        let failure = await failure()
        guard let failure else { return [Finding("registry", .ok, registry, "answers")] }
        return [
            Finding(
                "registry", isAsked ? .failure : .warning, registry, failure.sentence,
                advice: failure.advice ?? (isAsked ? nil : "only images of that registry need it"))
        ]
    }

    private func failure() async -> (sentence: String, advice: String?)? {
        await withTaskGroup(of: (sentence: String, advice: String?)?.self) { group in
            group.addTask {
                do {
                    try await client.authenticate(at: registry)
                    return nil
                } catch let error as RegistryError {
                    // It is there and answers; who pulls in public images needs no more.
                    if error.kind == .unauthorized, !isAsked { return nil }
                    return (error.detail ?? "\(error)", error.remedy)
                } catch {
                    return ("\(error)", nil)
                }
            }
            group.addTask {
                // Cancelled when the other one is done, and then nobody looks at what it says.
                try? await Task.sleep(for: timeLimit)
                return (
                    "does not answer within \(timeLimit.components.seconds) seconds", "see the network and the proxies"
                )
            }
            defer { group.cancelAll() }
            return await group.next() ?? nil
        }
    }
}
