#!/usr/bin/env bun
import { run } from "./serve.ts"

process.exit(await run(process.argv.slice(2)))
