import type { TestingModule } from '@nestjs/testing';
import {
  AppCredentials,
  type AppCredentialsOptions,
  MindsphereCredentialsEvents,
  type MindsphereCredentialsModuleOptions,
  type TokenStore,
} from 'nestjs-mindsphere-credentials';
import { APP, startPlatform, startWith, tokenOf, until } from './application.js';
import { MemoryStore } from './memory-store.js';
import type { StubPlatform } from './stub-platform.js';

/** Keys that nothing but these tests know. */
export const KEY = 'q83vEjRWeJCrze8SNFZ4kKvN7xI0VniQABEiM0RVZnc=';
export const NEW_KEY = 'AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=';

export interface Instance {
  readonly module: TestingModule;
  readonly credentials: AppCredentials;
  /** The types of its events so far. */
  readonly events: readonly string[];
}

export interface Instances {
  readonly platform: StubPlatform;
  readonly store: MemoryStore;
  /** Starts one more instance of the application. */
  readonly startOne: (options?: InstanceOptions) => Promise<Instance>;
}

export interface InstanceOptions extends Omit<MindsphereCredentialsModuleOptions, 'app'> {
  readonly through?: TokenStore;
  readonly keys?: readonly string[];
  readonly app?: Partial<AppCredentialsOptions> | false;
}

/** A platform, a store, and what starts instances that share it. */
export async function instances(): Promise<Instances> {
  const platform = await startPlatform();
  const store = new MemoryStore();
  const startOne = async ({ through = store, keys = [KEY], app, ...options }: InstanceOptions = {}) => {
    const cache = { store: through, encryptionKeys: keys };
    const base = { ...platform.urls, tenant: false as const, request: { retries: 0 }, cache };
    const module = await startWith({ ...base, app: app === false ? app : { ...APP, ...app }, ...options });
    const events: string[] = [];
    module.get(MindsphereCredentialsEvents).events$.subscribe(({ type }) => void events.push(type));
    return { module, credentials: module.get(AppCredentials), events };
  };
  return { platform, store, startOne };
}

/** The text of the token that an instance uses. */
export async function valueOf({ credentials }: Instance): Promise<string> {
  return (await tokenOf(credentials)).value;
}

/** Waits until the token of the one order is there for others. */
export function stored(store: MemoryStore): Promise<void> {
  return until(() => store.entries.size === 1);
}

/** The one entry of a store. */
export function onlyEntry(store: MemoryStore): { name: string; value: string; until: number } {
  const [[name, entry] = [], ...more] = store.entries;
  if (name === undefined || entry === undefined || more.length > 0) throw new Error(`${more.length + 1} entries`);
  return { name, ...entry };
}
