#!/usr/bin/env bun
import { run } from "./teamCommands.ts"

process.exit(await run(process.argv.slice(2), process.env))
