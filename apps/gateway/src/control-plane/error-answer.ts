import { ApiResponse } from '@nestjs/swagger';
import { applyDecorators } from '@nestjs/common';

/** Documents the errors of a route: each is plain text, or `application/problem+json` for who accepts that. */
export function Fails(reasons: Readonly<Record<number, string>>): MethodDecorator & ClassDecorator {
  const content = {
    'text/plain': { schema: { type: 'string' } },
    'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } },
  } as const;
  return applyDecorators(
    ...Object.entries(reasons).map(([status, description]) => ApiResponse({ status: Number(status), description, content })),
  );
}
