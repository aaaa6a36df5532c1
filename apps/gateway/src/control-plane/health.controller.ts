import { Controller, Get, Header } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiProduces, ApiTags } from '@nestjs/swagger';
import { HealthCheck, HealthCheckService, HealthIndicatorService, type HealthCheckResult } from '@nestjs/terminus';
import { ShoalError } from '@shoal/domain/shared/errors';
import { Fails } from './error-answer';

/** Says why the gateway cannot serve functions now, or has no queue for asynchronous calls; `undefined` when it can. */
export class Readiness {
  constructor(
    readonly problem: () => string | undefined,
    readonly queueProblem: () => string | undefined,
  ) {}
}

@ApiTags('health')
@Controller()
export class HealthController {
  constructor(
    private readonly readiness: Readiness,
    private readonly health: HealthCheckService,
    private readonly indicator: HealthIndicatorService,
  ) {}

  @Get('healthz')
  @Header('Content-Type', 'text/plain; charset=utf-8')
  @ApiOperation({ summary: 'Tells that the gateway is alive' })
  @ApiProduces('text/plain')
  @ApiOkResponse({ schema: { type: 'string', example: 'OK' } })
  alive(): string {
    return 'OK';
  }

  @Get('readyz')
  @HealthCheck({ swaggerDocumentation: false })
  @ApiOperation({ summary: 'Tells whether functions can be served' })
  @ApiOkResponse({ description: 'They can.', schema: { type: 'object' } })
  @Fails({ 503: 'They cannot; the body says why.' })
  async ready(): Promise<HealthCheckResult> {
    const problem = this.readiness.problem();
    // As every error is told; one of Terminus' own would be taken for a failure of the gateway's.
    if (problem !== undefined) throw new ShoalError('backend-unavailable', problem);
    const result = await this.health.check([() => this.indicator.check('provider').up()]);
    const reason = this.readiness.queueProblem();
    if (reason === undefined) return result;
    // Said, but no reason to send callers elsewhere: all gateways have the same queue, and calls need none.
    const queue = { queue: { status: 'down' as const, reason } };
    return { ...result, error: { ...result.error, ...queue }, details: { ...result.details, ...queue } };
  }
}
