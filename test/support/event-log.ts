import {
  getCredentialsToken,
  type MindsphereCredentialsEvent,
  MindsphereCredentialsEvents,
} from 'nestjs-mindsphere-credentials';
import type { TestingModule } from '@nestjs/testing';

/** All events of a registration from now on. */
export function eventsOf(module: TestingModule, name?: string): MindsphereCredentialsEvent[] {
  const seen: MindsphereCredentialsEvent[] = [];
  const events = module.get<MindsphereCredentialsEvents>(getCredentialsToken(MindsphereCredentialsEvents, name));
  events.events$.subscribe((event) => seen.push(event));
  return seen;
}

/** Events of one type. */
export function ofType<T extends MindsphereCredentialsEvent['type']>(
  events: readonly MindsphereCredentialsEvent[],
  type: T,
): Extract<MindsphereCredentialsEvent, { type: T }>[] {
  return events.filter((event): event is Extract<MindsphereCredentialsEvent, { type: T }> => event.type === type);
}

export const typesOf = (events: readonly MindsphereCredentialsEvent[]): string[] => events.map(({ type }) => type);
