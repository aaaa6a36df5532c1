import type { AuthConfig } from 'dockerode';
import type { Engine } from './engine';

/** A registry that takes longer is not waited for. */
const REGISTRY_TIMEOUT_MS = 5_000;

/**
 * `image` with the digest that its registry has for it now: then every machine runs the same, and one that has it asks no
 * registry before it starts a replica. As it was when the registry cannot be asked, as of an image that is only on the
 * machines themselves; Swarm looks for it then, and says what is wrong.
 */
export async function pinnedImage(engine: Engine, image: string, auth: AuthConfig | undefined): Promise<string> {
  if (image.includes('@')) return image;
  try {
    const asked = (await engine.ask((docker) => docker.getImage(image).distribution({ authconfig: auth }), REGISTRY_TIMEOUT_MS)) as Distribution;
    return `${image}@${asked.Descriptor.digest}`;
  } catch {
    return image;
  }
}

interface Distribution {
  readonly Descriptor: { readonly digest: string };
}
