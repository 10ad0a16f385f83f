import type { StoreEntryRefusedEvent } from '../telemetry/credentials-event.interface.js';

export type EntryRefusal = StoreEntryRefusedEvent['reason'];

/** Why an entry is not believed. Never leaves this folder. */
export class EntryRefused extends Error {
  constructor(readonly reason: EntryRefusal) {
    super(reason);
  }
}
