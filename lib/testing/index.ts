export { type EmulatorModuleOptions, MindsphereEmulator } from './mindsphere-emulator.js';
export type { AnswerHeaders } from './emulator/answer.js';
export type {
  EmulatedApp,
  EmulatedTechnicalUser,
  FailureRate,
  MindsphereEmulatorOptions,
} from './emulator/emulator-options.interface.js';
export type { EmulatorFault } from './emulator/fault-queue.js';
export type { RecordedRequest } from './emulator/request-log.js';
export type { EmulatorEndpoint } from './emulator/route.js';
export type { UserTokenRequest } from './emulator/token-issuer.js';
export { fakeAccessToken, type FakeAccessTokenOptions } from './doubles/fake-access-token.js';
export { fakeCredentials, type FakeCredentials } from './doubles/fake-credentials.js';
export { fakeTokenVerifier } from './doubles/fake-token-verifier.js';
export { fakeUserToken, type FakeUserTokenOptions } from './doubles/fake-user-token.js';
