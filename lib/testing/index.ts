export {
  type EmulatorModuleOptions,
  type EmulatorXceleratorOptions,
  MindsphereEmulator,
} from './mindsphere-emulator.js';
export type { AnswerHeaders } from './emulator/http/answer.js';
export type {
  EmulatedApp,
  EmulatedTechnicalUser,
  EmulatedXcelerator,
  FailureRate,
  MindsphereEmulatorOptions,
} from './emulator/options/emulator-options.interface.js';
export type { EmulatedPlatform } from './emulator/platforms/emulated-platform.js';
export type { EmulatorFault } from './emulator/traffic/fault-queue.js';
export type { RecordedRequest } from './emulator/traffic/recorded-request.interface.js';
export type { EmulatorEndpoint } from './emulator/http/route.js';
export type { StubAnswer, StubRequest, StubResponse } from './emulator/stubs/stub-answer.js';
export type { UserTokenRequest } from './emulator/tokens/token-issuer.js';
export type { ApplicationGatewayOptions } from './gateway/application-gateway-options.interface.js';
export { fakeAccessToken, type FakeAccessTokenOptions } from './doubles/fake-access-token.js';
export { fakeCredentials, type FakeCredentials } from './doubles/fake-credentials.js';
export { fakeTokenVerifier } from './doubles/fake-user-token.js';
export { fakeUserToken, type FakeUserTokenOptions } from './doubles/fake-user-token.js';
