import { Global, Module } from '@nestjs/common';
import { DurableHosts } from './guard/durable-hosts.js';
import { GuardedApplication } from './guard/guarded-application.js';
import { RouteCheck } from './guard/route-check.js';
import { Registrations } from './registration/registrations.js';

/** What all registrations of one application share. Static, so Nest makes it once for each application. */
@Global()
@Module({
  providers: [Registrations, GuardedApplication, DurableHosts, RouteCheck],
  exports: [Registrations, GuardedApplication, DurableHosts],
})
export class MindsphereRegistrationsModule {}
