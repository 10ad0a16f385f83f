/*
 * Starts the AppModule of a block that brings an emulator of its own, asks for a path, and prints it with its status. The
 * emulator goes on listening, as it would in the reader's process, so the end is made here.
 */
import 'reflect-metadata';
import { NestFactory } from '@nestjs/core';

const { AppModule } = await import(process.env.BLOCK);
const app = await NestFactory.create(AppModule, { logger: ['fatal', 'error'], abortOnError: false });
await app.listen(0, '127.0.0.1');
const { status } = await fetch(`${await app.getUrl()}/assets`);
process.stdout.write(`/assets ${status}\n`);
await app.close();
process.exit(0);
