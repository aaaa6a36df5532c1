import { CliError } from '../cli-error';
import type { SystemInfo } from '../gateway/api';
import { LOCAL, type StoreFunction } from './store-function';

/** As stores name processors, by how Go, Docker and Linux do. */
const PLATFORMS: Readonly<Record<string, string>> = { amd64: 'x86_64', x64: 'x86_64', aarch64: 'arm64', arm: 'armhf', armv6l: 'armhf', armv7l: 'armhf' };

/** What a store calls the platform `text`: `x86_64` for `amd64` and `linux/amd64`. Other texts stay, in lower case. */
export function parsePlatform(text: string): string {
  const processor = text.trim().toLowerCase().replace(/^linux\//, '').replace(/\/v\d$/, '');
  return PLATFORMS[processor] ?? processor;
}

/** What functions on that gateway have to be made for; `undefined` when it does not say. */
export function platformOf({ provider, arch }: SystemInfo): string | undefined {
  if (provider?.orchestration === 'local') return LOCAL;
  return arch ? parsePlatform(arch) : undefined;
}

/** Why a function cannot run on `platform`; `undefined` when it can. */
export function whyNot({ images }: StoreFunction, platform: string): string | undefined {
  if (images[platform] !== undefined) return undefined;
  const others = Object.keys(images).filter((one) => one !== LOCAL);
  if (platform === LOCAL) return 'it is an image, which needs a container engine';
  return others.length === 0 ? 'it is for gateways without a container engine only' : `it is made for ${others.join(' and ')}, not for ${platform}`;
}

/** The image of a function for `platform`. Throws `usage` when there is none. */
export function imageFor(one: StoreFunction, platform: string): string {
  const reason = whyNot(one, platform);
  if (reason === undefined) return one.images[platform]!;
  throw new CliError('usage', `${one.name} does not run there: ${reason}`, platform === LOCAL ? 'shoal store list shows what does; or choose a gateway on Docker by --gateway' : 'shoal store list shows what does; --platform chooses another image');
}
