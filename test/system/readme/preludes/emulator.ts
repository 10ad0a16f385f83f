import { MindsphereCredentialsModule } from 'nestjs-mindsphere-credentials';
import { MindsphereEmulator } from 'nestjs-mindsphere-credentials/testing';

declare const origin: string;
