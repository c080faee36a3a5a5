// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import Diagnosis
import Dockerfile
import Emulation
import Images
import Layers
import OCI
import Registry
import Remote
import Sandbox
import Store

/// What a person can do about an error, whichever room it comes from.
public enum Remedy {
    /// The sentence, or nil when nothing is known to help.
    public static func of(_ error: any Error) -> String? {
        switch error {
        case let error as BuildError: error.remedy
        case let error as CacheError: error.remedy
        case let error as ContextError: error.remedy
        case let error as CopyError: error.remedy
        case let error as DockerfileError: error.remedy
        case let error as EmulationError: error.remedy
        case let error as HostInstallError: error.remedy
        case let error as ImagesError: error.remedy
        case let error as LayersError: error.remedy
        case let error as MountError: error.remedy
        case let error as OCIError: error.remedy
        case let error as OCILayoutError: error.remedy
        case let error as ManifestError: error.remedy
        case let error as PullProblem: error.remedy
        case let error as RegistryError: error.remedy
        case let error as RemoteError: error.remedy
        case let error as RunError: error.remedy
        case let error as SandboxError: error.remedy
        case let error as StoreError: error.remedy
        case let error as UnstartedCommand: error.explanation.remedy
        case let error as TimeOut: error.remedy
        default: nil
        }
    }
}
