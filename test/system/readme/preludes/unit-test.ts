import { Test } from '@nestjs/testing';
import { AppModule, AssetsController } from './assets.controller.js';
