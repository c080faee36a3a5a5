// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import Images
import OCI
import Registry
import Store

extension ImagePlace {
    /// Does something with the image that is here; what goes wrong is ``explained(_:_:)``.
    func reading<Result: Sendable>(
        _ registry: RegistryOptions, _ store: Store, in environment: Environment,
        _ body: @Sendable (any ImageReader) async throws -> Result
    ) async throws -> Result {
        do {
            return try await registry.withClient(for: registries, in: environment) { client in
                try await body(ImageAccess(client: client, store: store).reader(of: self))
            }
        } catch {
            throw explained(error, store)
        }
    }

    /// The error of who asked a registry for something: told besides is when the store has an image of that name.
    func explained(_ error: any Error, _ store: Store) -> any Error {
        guard case .registry(let reference) = self, var error = error as? RegistryError,
            (try? store.image(named: reference)) != nil
        else { return error }
        error.hint = "there is an image of this name in the store, which is meant by store:\(reference.familiar)"
        return error
    }
}
