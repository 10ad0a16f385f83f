import { ConfigService } from '@nestjs/config';
import {
  MindsphereCredentialsFactory,
  MindsphereCredentialsModule,
  mindsphereOptionsFromConfig,
} from 'nestjs-mindsphere-credentials';

declare const clientId: string;
declare const clientSecret: string;
declare const tenant: string;
