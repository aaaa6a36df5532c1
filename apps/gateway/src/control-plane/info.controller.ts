import { arch } from 'node:process';
import { Controller, Get } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiProperty, ApiTags } from '@nestjs/swagger';
import type { ProviderInfo } from '@shoal/domain/functions/function-provider';
import { ControlPlaneSettings } from './control-plane-settings';

export class VersionInfo {
  @ApiProperty({ description: 'Commit.' }) sha!: string;
  @ApiProperty() release!: string;
}

export class ProviderStatus {
  @ApiProperty({ example: 'shoal-local' }) provider!: string;
  @ApiProperty({ example: 'local' }) orchestration!: string;
  @ApiProperty({ type: VersionInfo }) version!: VersionInfo;
}

export class SystemInfo {
  @ApiProperty({ type: ProviderStatus }) provider!: ProviderStatus;
  @ApiProperty({ type: VersionInfo }) version!: VersionInfo;
  @ApiProperty({ description: 'Processor, as Go names it.', example: 'amd64' }) arch!: string;
}

/** Go's names, which clients know. */
const GO_ARCH: Readonly<Record<string, string>> = { x64: 'amd64', ia32: '386' };

/** What the provider said of itself when the gateway was composed. */
export class ProviderIdentity {
  constructor(readonly info: ProviderInfo) {}
}

@ApiTags('system')
@Controller('system/info')
export class InfoController {
  constructor(
    private readonly provider: ProviderIdentity,
    private readonly settings: ControlPlaneSettings,
  ) {}

  @Get()
  @ApiOperation({ summary: 'Tells what is running here' })
  @ApiOkResponse({ type: SystemInfo })
  get(): SystemInfo {
    const { version } = this.settings;
    return { provider: { ...this.provider.info, version }, version, arch: GO_ARCH[arch] ?? arch };
  }
}
