import { Module, type DynamicModule, type Provider } from '@nestjs/common';
import { TerminusModule } from '@nestjs/terminus';
import { AlertController } from './alert.controller';
import { AsyncCallsController } from './async-calls.controller';
import { BackupController } from './backup.controller';
import { EventsController } from './events.controller';
import { FunctionsController } from './functions.controller';
import { HealthController } from './health.controller';
import { InfoController } from './info.controller';
import { LogsController } from './logs.controller';
import { NamespacesController } from './namespaces.controller';
import { QueueController } from './queue.controller';
import { ScalingController } from './scaling.controller';
import { SecretsController } from './secrets.controller';
import { SessionController } from './session.controller';
import { StatisticsController } from './statistics.controller';

/** The REST API. What it serves is built outside and handed in: each use case under its own class. */
@Module({})
export class ControlPlaneModule {
  static of(instances: readonly object[]): DynamicModule {
    const providers = instances.map((instance): Provider => ({ provide: instance.constructor, useValue: instance }));
    return {
      module: ControlPlaneModule,
      imports: [TerminusModule.forRoot({ logger: false })],
      controllers: [
        FunctionsController,
        ScalingController,
        StatisticsController,
        EventsController,
        SecretsController,
        NamespacesController,
        LogsController,
        AlertController,
        AsyncCallsController,
        QueueController,
        InfoController,
        BackupController,
        HealthController,
        SessionController,
      ],
      providers,
    };
  }
}
