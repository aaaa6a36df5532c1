import { ApiError } from './api-error';
import { request } from './client';
import { functionPath, type FunctionId, type FunctionStatus } from './function-status';

/** How a function is; `undefined` when there is none. Rejects with `ApiError`. @param of its id, or its key. */
export async function findFunction(of: FunctionId | string, signal?: AbortSignal): Promise<FunctionStatus | undefined> {
  try {
    return await request('GET', functionPath(of), signal ? { signal } : {});
  } catch (error) {
    // 400: no function can have that name.
    if (error instanceof ApiError && (error.status === 404 || error.status === 400)) return undefined;
    throw error;
  }
}
