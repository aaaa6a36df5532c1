/** What the control plane has to know of the gateway's configuration. */
export class ControlPlaneSettings {
  constructor(
    /** The namespace of a request that names none. */
    readonly functionNamespace: string,
    readonly version: { readonly release: string; readonly sha: string },
  ) {}
}
