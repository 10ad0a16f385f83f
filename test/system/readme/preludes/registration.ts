import { ConfigService } from '@nestjs/config';
import { MindsphereCredentialsModule, mindsphereOptionsFromConfig } from 'nestjs-mindsphere-credentials';

declare const clientId: string;
declare const clientSecret: string;
declare const tenant: string;
