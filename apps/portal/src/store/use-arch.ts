import { request } from '../api/client';
import { useResource } from '../ui/use-resource';

interface SystemInfo {
  readonly arch: string;
  readonly provider: { readonly orchestration: string };
}

/** For what functions have to be made that run here: a processor, or `local` for bundles. */
export function useArch(): { readonly arch: string | undefined; readonly error: string | undefined } {
  const { value, error } = useResource('arch', async (signal) => {
    const { arch, provider } = await request<SystemInfo>('GET', 'system/info', { signal });
    return provider.orchestration === 'local' ? 'local' : arch;
  });
  return { arch: value, error };
}
