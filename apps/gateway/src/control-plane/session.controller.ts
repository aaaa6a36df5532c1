import { Body, Controller, Delete, Get, HttpCode, Post, Req, Res } from '@nestjs/common';
import { ApiNoContentResponse, ApiOkResponse, ApiOperation, ApiProperty, ApiTags } from '@nestjs/swagger';
import { ShoalError } from '@shoal/domain/shared/errors';
import { MaxLength } from 'class-validator';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Authenticator } from './authenticate';
import { Fails } from './error-answer';
import { TextField } from './fields';
import { setSession } from './portal';
import { isTokenOf, Sessions } from './sessions';

/** Of a user's name, and of a password. */
const MAX_LENGTH = 1_024;

export class SessionRequest {
  @TextField({ description: 'As for basic authentication.', example: 'admin' })
  @MaxLength(MAX_LENGTH)
  user!: string;

  @TextField({ description: 'As for basic authentication.' })
  @MaxLength(MAX_LENGTH)
  password!: string;
}

export class SessionUser {
  @ApiProperty({ example: 'admin' }) user!: string;
}

export class StartedSession extends SessionUser {
  @ApiProperty({ description: 'Goes into the header `X-Shoal-Session` of every request that the cookie is to authenticate.' }) token!: string;
}

/** Signing in to the portal. Everything else can be had by basic authentication as well. */
@ApiTags('session')
@Controller('ui/session')
export class SessionController {
  constructor(
    private readonly sessions: Sessions,
    private readonly authenticator: Authenticator,
  ) {}

  @Post()
  @HttpCode(200)
  @ApiOperation({ summary: 'Signs in', description: 'Sets an HttpOnly cookie. It counts together with the token only, and for 12 hours.' })
  @ApiOkResponse({ type: StartedSession })
  @Fails({
    400: 'A field is wrong; the text names it.',
    401: 'The user or the password is wrong.',
    403: "Another site's page sent it.",
    404: 'Authentication is off.',
    413: 'The body is too large.',
    429: 'Too many attempts at a time; `Retry-After` says when to try again.',
  })
  async start(@Body() credentials: SessionRequest, @Req() request: FastifyRequest, @Res({ passthrough: true }) reply: FastifyReply): Promise<StartedSession> {
    if (!this.authenticator.isOn) throw authenticationOff();
    const { user, password } = credentials;
    if (!(await this.authenticator.areRight({ user, password }, request.ip))) throw new ShoalError('unauthorized', 'the user or the password is wrong');
    this.sessions.end(request.headers.cookie);
    const { id, session } = this.sessions.start(user);
    setSession(request, reply, id);
    return { user, token: session.token };
  }

  @Get()
  @ApiOperation({ summary: 'Tells who is signed in', description: 'The cookie alone is enough.' })
  @ApiOkResponse({ type: SessionUser })
  @Fails({ 401: 'Nobody is, or no longer.', 404: 'Authentication is off.', 429: 'Too many attempts with wrong credentials.' })
  async get(@Req() request: FastifyRequest, @Res({ passthrough: true }) reply: FastifyReply): Promise<SessionUser> {
    void reply.header('Cache-Control', 'no-store');
    const user = await this.authenticator.requireUser(request, { cookieAlone: true });
    if (user === undefined) throw authenticationOff();
    return { user };
  }

  @Delete()
  @HttpCode(204)
  @ApiOperation({ summary: 'Signs out', description: 'Needs no body. Streams that the session opened end with it. A session that lasts asks for its token; one that has ended does not.' })
  @ApiNoContentResponse({ description: 'Nobody is signed in with this cookie now.' })
  @Fails({ 401: '`X-Shoal-Session` is missing or wrong.', 403: "Another site's page sent it." })
  end(@Req() request: FastifyRequest, @Res({ passthrough: true }) reply: FastifyReply): void {
    const session = this.sessions.find(request.headers.cookie);
    if (session && !isTokenOf(session, request.headers['x-shoal-session'])) throw new ShoalError('unauthorized', 'X-Shoal-Session is missing or wrong');
    this.sessions.end(request.headers.cookie);
    setSession(request, reply, undefined);
  }
}

function authenticationOff(): ShoalError {
  return new ShoalError('route-not-found', 'authentication is off here: there is nothing to sign in to');
}
