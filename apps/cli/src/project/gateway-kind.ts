import type { SystemInfo } from '../gateway/api';
import type { GatewayClient } from '../gateway/gateway-client';

/** What a gateway runs functions from: folders of this machine, or images. */
export type GatewayKind = 'bundles' | 'images';

/** Asks the gateway. A gateway that is not ours runs images. */
export async function gatewayKind(gateway: GatewayClient): Promise<GatewayKind> {
  const { provider } = await gateway.json<SystemInfo>('GET', '/system/info');
  return provider?.orchestration === 'local' ? 'bundles' : 'images';
}
