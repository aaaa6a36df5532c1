import { ApiError } from './api-error';
import { request } from './client';
import { functionPath, type FunctionId, type FunctionStatus } from './function-status';

/** How a function is; `undefined` when there is none. Rejects with `ApiError`. */
export async function findFunction(id: FunctionId, signal?: AbortSignal): Promise<FunctionStatus | undefined> {
  try {
    return await request('GET', functionPath(id), signal ? { signal } : {});
  } catch (error) {
    if (error instanceof ApiError && error.status === 404) return undefined;
    throw error;
  }
}
