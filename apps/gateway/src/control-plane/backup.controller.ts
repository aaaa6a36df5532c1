import type { Readable } from 'node:stream';
import { Controller, Get, Req, Res } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiProduces, ApiTags } from '@nestjs/swagger';
import { ShoalError } from '@shoal/domain/shared/errors';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Authenticator } from './authenticate';
import { Fails } from './error-answer';

const TYPE = 'application/x-tar';

/** Makes a back-up, to be read once. */
export class BackUps {
  constructor(readonly make: () => Promise<Readable>) {}
}

@ApiTags('system')
@Controller('system/backup')
export class BackupController {
  constructor(
    private readonly backUps: BackUps,
    private readonly authenticator: Authenticator,
  ) {}

  @Get()
  @ApiOperation({
    summary: 'Makes a back-up of functions, bundles, secrets, namespaces, password and queue',
    description: 'A tar archive whose last file, `manifest.json`, has a checksum of each; one without it is cut short. Secrets are in it as they are. A session will not do: only user and password.',
  })
  @ApiProduces(TYPE)
  @ApiOkResponse({ description: 'The archive.', schema: { type: 'string', format: 'binary' } })
  @Fails({ 403: 'Authentication is off.', 429: 'Another back-up is being made.', 501: 'Functions do not run on this machine.', 503: 'There is no room for a copy of the queue.' })
  async make(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    this.requirePassword(request);
    await reply.type(TYPE).header('Cache-Control', 'no-store').send(await this.backUps.make());
  }

  /** Nothing else gives secrets out again. */
  private requirePassword({ headers }: FastifyRequest): void {
    if (!this.authenticator.isOn) throw new ShoalError('forbidden', 'a back-up holds all secrets, and authentication is off: start the gateway with basic_auth=true, or stop it and copy its data directory');
    if (headers.authorization === undefined) throw new ShoalError('unauthorized', 'a back-up holds all secrets: it needs user and password, and no session');
  }
}
