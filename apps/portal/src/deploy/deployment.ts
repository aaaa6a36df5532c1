import type { FunctionStatus } from '../api/function-status';

/** What is sent to deploy a function (wire contract §1.4.0). */
export interface Deployment
  extends Pick<FunctionStatus, 'namespace' | 'image' | 'envProcess' | 'envVars' | 'constraints' | 'secrets' | 'limits' | 'requests' | 'readOnlyRootFilesystem' | 'network'>,
    Partial<Pick<FunctionStatus, 'labels' | 'annotations'>> {
  readonly service: string;
}
